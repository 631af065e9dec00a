import { objectKey } from '../catalog/catalog.ts'
import type { Procedure } from '../catalog/catalog-object.ts'
import { discard, register } from '../engine/execute-table.ts'
import { findSchema, requirePrivilege, showName } from '../engine/resolve.ts'
import { compilationError, existingObject, unsupportedFeature } from '../engine/sql-error.ts'
import type { SessionState } from '../engine/session-state.ts'
import { defining } from '../engine/transaction.ts'
import { parseScript } from './parse-script.ts'
import type { ScriptReader } from './script-reader.ts'

/** After CREATE: `[OR REPLACE] PROCEDURE …`. Only what is written in SQL can be run here. */
export async function createProcedure(session: SessionState, reader: ScriptReader): Promise<string> {
  const replace = reader.takeWord('OR', 'REPLACE')
  reader.takeWord('SECURE')
  reader.expectWord('PROCEDURE')
  const ifNotExists = reader.takeWord('IF', 'NOT', 'EXISTS')
  const parts = qualifiedName(reader)
  const parameters = parseParameters(reader)
  const { executeAs, returnsTable, returns, body, comment } = parseRest(reader)
  parseScript(body)
  const types = parameters.map(({ type }) => type.replace(/\(.*/u, '').trim().toUpperCase())
  const name = `${parts.at(-1) ?? ''}(${types.join(', ')})`
  return await defining(session, async () => {
    const { schema } = findSchema(session, parts.slice(0, -1))
    requirePrivilege(session, schema, 'CREATE PROCEDURE')
    const before = schema.objects.get(objectKey('PROCEDURE', name))
    if (before !== undefined && !replace) {
      if (ifNotExists) return await Promise.resolve(`${showName([name])} already exists, statement succeeded.`)
      throw existingObject(name)
    }
    if (before !== undefined) {
      requirePrivilege(session, before, 'OWNERSHIP')
      discard(session, schema, before)
    }
    register(session, schema, {
      kind: 'PROCEDURE',
      id: session.engine.catalog.nextId(),
      name,
      owner: session.role,
      comment,
      createdMs: Date.now(),
      parameters,
      returns,
      returnsTable,
      executeAs,
      body,
    })
    return `Function ${parts.at(-1) ?? ''} successfully created.`
  })
}

/** After DROP: `PROCEDURE [IF EXISTS] name (types)`. */
export async function dropProcedure(session: SessionState, reader: ScriptReader): Promise<string> {
  reader.expectWord('PROCEDURE')
  const ifExists = reader.takeWord('IF', 'EXISTS')
  const parts = qualifiedName(reader)
  const types = reader.isSymbol(')', 1) ? takeNothing(reader) : reader.bracketed()
  const given = types.split(',').map((type) => type.replace(/\(.*/u, '').trim().toUpperCase())
  const name = `${parts.at(-1) ?? ''}(${given.join(', ')})`
  return await defining(session, async () => {
    const { schema } = findSchema(session, parts.slice(0, -1))
    const found = schema.objects.get(objectKey('PROCEDURE', name))
    if (found === undefined && !ifExists) throw unknownProcedure(name)
    if (found === undefined) return 'Drop statement executed successfully.'
    requirePrivilege(session, found, 'OWNERSHIP')
    discard(session, schema, found)
    return await Promise.resolve(`${parts.at(-1) ?? ''} successfully dropped.`)
  })
}

/** The procedure of this name that takes so many arguments, those with a default left out or not. */
export function findProcedure(session: SessionState, parts: readonly string[], count: number): Procedure {
  const { schema } = findSchema(session, parts.slice(0, -1))
  const name = parts.at(-1) ?? ''
  const found = [...schema.objects.values()].find(
    (object): object is Procedure =>
      object.kind === 'PROCEDURE' &&
      object.name.startsWith(`${name}(`) &&
      count <= object.parameters.length &&
      count >= object.parameters.filter((parameter) => parameter.default === undefined).length,
  )
  if (found === undefined) throw unknownProcedure(name)
  requirePrivilege(session, found, 'USAGE')
  return found
}

function unknownProcedure(name: string): Error {
  return compilationError('002141', '42601', `Unknown user-defined procedure ${name}`)
}

export function qualifiedName(reader: ScriptReader): readonly string[] {
  const parts = [reader.name()]
  while (reader.takeSymbol('.')) parts.push(reader.name())
  return parts
}

function takeNothing(reader: ScriptReader): string {
  reader.expectSymbol('(')
  reader.expectSymbol(')')
  return ''
}

function parseParameters(reader: ScriptReader): Procedure['parameters'] {
  reader.expectSymbol('(')
  const parameters: { name: string; type: string; default: string | undefined }[] = []
  while (!reader.takeSymbol(')')) {
    const mode = reader.isWord('IN') || reader.isWord('OUT') || reader.isWord('INOUT') ? reader.name() : 'IN'
    if (mode !== 'IN') throw unsupportedFeature(`${mode} parameters of a procedure`)
    const name = reader.name()
    const type = reader.textUntil(',', ')', 'DEFAULT')
    parameters.push({ name, type, default: reader.takeWord('DEFAULT') ? reader.textUntil(',', ')') : undefined })
    reader.takeSymbol(',')
  }
  return parameters
}

type Rest = Pick<Procedure, 'executeAs' | 'returns' | 'returnsTable' | 'body' | 'comment'>

function parseRest(reader: ScriptReader): Rest {
  const ends = [
    'NOT',
    'LANGUAGE',
    'CALLED',
    'STRICT',
    'COMMENT',
    'EXECUTE',
    'AS',
    'RUNTIME_VERSION',
    'PACKAGES',
    'HANDLER',
  ]
  reader.takeWord('COPY', 'GRANTS')
  reader.expectWord('RETURNS')
  const returnsTable = reader.isWord('TABLE')
  const returns = reader.textUntil(...ends)
  let [executeAs, comment]: [Procedure['executeAs'], string] = ['OWNER', '']
  for (;;) {
    if (reader.takeWord('LANGUAGE')) {
      const language = reader.name()
      if (language !== 'SQL') throw unsupportedFeature(`procedures in ${language}`)
    } else if (reader.takeWord('EXECUTE', 'AS')) {
      reader.takeWord('RESTRICTED')
      executeAs = reader.name() === 'CALLER' ? 'CALLER' : 'OWNER'
    } else if (reader.takeWord('COMMENT')) {
      reader.expectSymbol('=')
      comment = reader.next().text
    } else if (reader.takeWord('AS')) break
    else if (!passOver(reader)) throw reader.unexpected()
  }
  return { executeAs, comment, returns, returnsTable, body: bodyOf(reader) }
}

function passOver(reader: ScriptReader): boolean {
  return (
    reader.takeWord('NOT', 'NULL') ||
    reader.takeWord('CALLED', 'ON', 'NULL', 'INPUT') ||
    reader.takeWord('RETURNS', 'NULL', 'ON', 'NULL', 'INPUT') ||
    reader.takeWord('STRICT')
  )
}

/** In quotes, between dollars, or as it is. */
function bodyOf(reader: ScriptReader): string {
  return reader.token.kind === 'string' ? reader.next().text : reader.sql.slice(reader.token.start)
}
