import { executeText } from '../engine/execute.ts'
import { SqlError, compilationError } from '../engine/sql-error.ts'
import type { SessionState } from '../engine/session-state.ts'
import type { Bind, ResultColumn, StatementRequest, StatementResult } from '../engine/statement.ts'
import { statementTypes, statusResult } from '../engine/wire.ts'
import { isBlock, parseScript } from './parse-script.ts'
import { createProcedure, dropProcedure, findProcedure, qualifiedName } from './procedure.ts'
import { runScript } from './run-script.ts'
import type { ScriptResult } from './run-script.ts'
import { ScriptReader } from './script-reader.ts'
import { Variables, literalOf } from './script-variables.ts'

/** So deep may scripts call each other. */
const depthMax = 16

/** Runs a statement of any kind: scripts and what has to do with them here, all others by the engine. @throws SqlError */
export async function executeSql(
  session: SessionState,
  request: StatementRequest,
  depth = 0,
): Promise<StatementResult> {
  if (!/\b(?:immediate|declare|procedure|call|begin)\b/iu.test(request.sqlText))
    return await executeText(session, request)
  if (depth > depthMax) {
    throw new SqlError({
      code: '090222',
      sqlState: '54001',
      message: 'Stored procedure execution error: too many nested calls.',
    })
  }
  const reader = new ScriptReader(request.sqlText)
  const run = (sqlText: string, binds: readonly Bind[] = []): Promise<StatementResult> =>
    executeSql(session, { ...request, sqlText, binds }, depth + 1)
  const context: Context = { session, request, run }
  if (reader.takeWord('EXECUTE', 'IMMEDIATE')) return await executeImmediate(context, reader)
  if (isBlock(reader)) {
    if (request.describeOnly === true) return statusResult('')
    return resultOf(await execute(context, request.sqlText, new Variables()), 'anonymous block')
  }
  if (reader.isWord('CALL') && !isSystemCall(reader)) return await call(context, reader)
  if (isAbout(reader, 'CREATE')) {
    reader.next()
    return statusResult(await createProcedure(session, reader))
  }
  if (isAbout(reader, 'DROP')) {
    reader.next()
    return statusResult(await dropProcedure(session, reader))
  }
  return await executeText(session, request)
}

interface Context {
  readonly session: SessionState
  readonly request: StatementRequest
  readonly run: (sqlText: string, binds?: readonly Bind[]) => Promise<StatementResult>
}

function isSystemCall(reader: ScriptReader): boolean {
  const name = reader.peek(1)
  return name.kind === 'word' && name.upper.startsWith('SYSTEM$')
}

/** CREATE or DROP of a procedure. */
function isAbout(reader: ScriptReader, word: 'CREATE' | 'DROP'): boolean {
  if (!reader.isWord(word)) return false
  const ahead = reader.isWord('OR', 1) ? 3 : 1
  return reader.isWord('PROCEDURE', ahead) || (reader.isWord('SECURE', ahead) && reader.isWord('PROCEDURE', ahead + 1))
}

async function execute({ request, run }: Context, text: string, variables: Variables): Promise<ScriptResult> {
  return await runScript(parseScript(text), { variables, execute: run, signal: request.signal })
}

/** The text is a constant, a variable or any expression; USING has the values of its binds. */
async function executeImmediate(context: Context, reader: ScriptReader): Promise<StatementResult> {
  const { request, run } = context
  if (request.describeOnly === true) return statusResult('')
  const expression =
    reader.token.kind === 'string' && reader.peek(1).kind === 'end' ? undefined : reader.textUntil('USING', ';')
  const sqlText =
    expression === undefined ? reader.next().text : await textOf(await run(`SELECT ${expression}`, request.binds))
  const binds: Bind[] = []
  if (reader.takeWord('USING')) {
    reader.expectSymbol('(')
    while (!reader.takeSymbol(')')) {
      binds.push(await bindOf(await run(`SELECT ${reader.textUntil(',', ')')}`)))
      reader.takeSymbol(',')
    }
  }
  return await run(sqlText, binds)
}

async function firstValue({
  columns,
  rows,
}: StatementResult): Promise<readonly [ResultColumn | undefined, string | null]> {
  for await (const [row] of rows) return [columns[0], row?.[0] ?? null]
  return [columns[0], null]
}

async function textOf(result: StatementResult): Promise<string> {
  const [, value] = await firstValue(result)
  if (value !== null) return value
  throw compilationError('001003', '42000', 'The statement of EXECUTE IMMEDIATE is NULL.')
}

async function bindOf(result: StatementResult): Promise<Bind> {
  const [column, value] = await firstValue(result)
  return { type: column?.type === 'fixed' ? 'FIXED' : column?.type === 'boolean' ? 'BOOLEAN' : 'TEXT', value }
}

/** `CALL name (arguments)`, by place or by name, with the rights of the owner unless it says otherwise. */
async function call(context: Context, reader: ScriptReader): Promise<StatementResult> {
  const { session, request, run } = context
  if (request.describeOnly === true) return statusResult('')
  reader.expectWord('CALL')
  const parts = qualifiedName(reader)
  const given = parseArguments(reader)
  const procedure = findProcedure(session, parts, given.length)
  const variables = new Variables()
  for (const [index, parameter] of procedure.parameters.entries()) {
    const argument =
      given.find(({ name }) => name === parameter.name) ??
      given.find(({ name, place }) => name === undefined && place === index)
    const value = argument?.text ?? parameter.default ?? 'NULL'
    const [column, read] = await firstValue(await run(`SELECT (${value})::${parameter.type}`, request.binds))
    const sql = column === undefined ? 'NULL' : literalOf(read, column)
    variables.declare(parameter.name, { kind: 'value', sql, type: parameter.type })
  }
  const { role } = session
  if (procedure.executeAs === 'OWNER') session.role = procedure.owner
  try {
    const result = await execute(context, procedure.body, variables)
    return resultOf(await asReturned(context, procedure, result), parts.at(-1) ?? '')
  } finally {
    if (procedure.executeAs === 'OWNER') session.role = role
  }
}

interface Argument {
  readonly name: string | undefined
  readonly place: number
  readonly text: string
}

function parseArguments(reader: ScriptReader): readonly Argument[] {
  const given: Argument[] = []
  reader.expectSymbol('(')
  while (!reader.takeSymbol(')')) {
    const name = reader.isSymbol('=>', 1) ? reader.name() : undefined
    if (name !== undefined) reader.expectSymbol('=>')
    given.push({ name, place: given.length, text: reader.textUntil(',', ')') })
    reader.takeSymbol(',')
  }
  return given
}

/** A single value is of the type that the procedure says it returns. */
async function asReturned(
  { run }: Context,
  { returns, returnsTable }: { readonly returns: string; readonly returnsTable: boolean },
  result: ScriptResult,
): Promise<ScriptResult> {
  const [column] = result.columns
  if (returnsTable || column === undefined || !result.isReturned) return result
  const cast = await run(`SELECT (${literalOf(result.rows[0]?.[0] ?? null, column)})::${returns}`)
  const [type, value] = await firstValue(cast)
  return { ...result, columns: type === undefined ? [] : [type], rows: [[value]] }
}

/** One value has the script's own name; without RETURN it is NULL. */
function resultOf({ columns, rows, isReturned }: ScriptResult, name: string): StatementResult {
  const text = { name, type: 'text', nullable: true } as const
  const [only] = columns
  const isValue = columns.length === 1 && rows.length === 1 && only !== undefined
  return {
    statementTypeId: statementTypes.select,
    columns: !isReturned ? [text] : isValue ? [{ ...only, name }] : columns,
    rows: once(isReturned ? rows : [[null]]),
  }
}

async function* once(rows: ScriptResult['rows']): AsyncGenerator<ScriptResult['rows']> {
  await Promise.resolve()
  if (rows.length > 0) yield rows
}
