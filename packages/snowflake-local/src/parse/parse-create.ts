import type { CloneSource, CreateObject, CreateTable, CreateView, MonitorTrigger, PlainKind } from './ast-ddl.ts'
import type { ObjectName } from './ast-expression.ts'
import type { OptionValue, Options } from './ast-option.ts'
import { parseTableElements } from './parse-column.ts'
import { parseOptions } from './parse-option.ts'
import { parseTravel } from './parse-table.ts'
import type { TokenReader } from './token-reader.ts'

interface Modifiers {
  readonly replace: boolean
  readonly words: ReadonlySet<string>
}

// Snowpark makes its objects SCOPED TEMPORARY, which go at the latest with the session.
const modifierWords = [
  'LOCAL',
  'GLOBAL',
  'SCOPED',
  'TRANSIENT',
  'TEMPORARY',
  'TEMP',
  'VOLATILE',
  'SECURE',
  'RECURSIVE',
] as const

export const plainKinds =
  'DATABASE|SCHEMA|SEQUENCE|STAGE|FILE FORMAT|WAREHOUSE|ROLE|USER|STREAM|TASK|ALERT|RESOURCE MONITOR'.split(
    '|',
  ) as readonly PlainKind[]

export function parseCreate(reader: TokenReader): CreateTable | CreateView | CreateObject {
  reader.expectWords('CREATE')
  const replace = reader.takeWords('OR', 'REPLACE')
  const words = new Set<string>()
  for (let word = reader.takeOneOf(modifierWords); word !== undefined; word = reader.takeOneOf(modifierWords)) {
    words.add(word)
  }
  const modifiers = { replace, words }
  if (reader.takeWords('DYNAMIC', 'TABLE')) return parseCreateTable(reader, modifiers, true)
  if (reader.takeWords('TABLE')) return parseCreateTable(reader, modifiers, false)
  if (reader.takeWords('MATERIALIZED', 'VIEW')) return parseCreateView(reader, modifiers, true)
  if (reader.takeWords('VIEW')) return parseCreateView(reader, modifiers, false)
  return parseCreateObject(reader, reader.expectOneOf(plainKinds), modifiers)
}

function isTemporary({ words }: Modifiers): boolean {
  return words.has('TEMPORARY') || words.has('TEMP') || words.has('VOLATILE')
}

function parseCreation(
  reader: TokenReader,
  { replace }: Modifiers,
): { ifNotExists: boolean; name: ObjectName; replace: boolean } {
  const before = reader.takeWords('IF', 'NOT', 'EXISTS')
  const name = reader.objectName()
  return { replace, name, ifNotExists: before || reader.takeWords('IF', 'NOT', 'EXISTS') }
}

function parseCreateTable(reader: TokenReader, modifiers: Modifiers, dynamic: boolean): CreateTable {
  const creation = parseCreation(reader, modifiers)
  const like = reader.takeWords('LIKE') ? reader.objectName() : undefined
  const cloneFirst = parseClone(reader)
  const hasElements = reader.isSymbol('(')
  const elements = hasElements ? parseTableElements(reader) : { columns: [], constraints: [] }
  const properties = parseTableProperties(reader)
  const clone = cloneFirst ?? parseClone(reader)
  const after = parseTableProperties(reader, properties)
  const queryStart = reader.takeWords('AS') ? reader.token.start : undefined
  const query = queryStart === undefined ? undefined : reader.query()
  return {
    kind: 'createTable',
    ...creation,
    lifetime: isTemporary(modifiers) ? 'temporary' : modifiers.words.has('TRANSIENT') ? 'transient' : 'permanent',
    ...elements,
    ...after,
    query,
    like,
    clone,
    dynamicQueryText: dynamic && queryStart !== undefined ? reader.textFrom(queryStart) : undefined,
  }
}

type TableProperties = Pick<CreateTable, 'clusterBy' | 'options' | 'copyGrants'>

function parseTableProperties(
  reader: TokenReader,
  before: TableProperties = { clusterBy: undefined, options: new Map(), copyGrants: false },
): TableProperties {
  let { clusterBy, copyGrants } = before
  const options = new Map(before.options)
  for (;;) {
    if (reader.takeWords('CLUSTER', 'BY')) clusterBy = parseClusterKeys(reader)
    else if (reader.takeWords('COPY', 'GRANTS')) copyGrants = true
    else if (reader.isWord('COMMENT') && reader.ahead(1).kind === 'string') {
      reader.next()
      options.set('COMMENT', { kind: 'string', text: reader.string() })
    } else if (!takePolicy(reader)) {
      const more = parseOptions(reader)
      if (more.size === 0) return { clusterBy, options, copyGrants }
      for (const [name, value] of more) options.set(name, value)
    }
  }
}

/** Policies and tags are taken note of and have no effect. */
function takePolicy(reader: TokenReader): boolean {
  const isPolicy =
    reader.isWords('WITH', 'TAG') || reader.isWords('WITH', 'ROW', 'ACCESS', 'POLICY') || reader.isWords('TAG')
  if (!isPolicy) return false
  while (!reader.isSymbol('(') && reader.token.kind !== 'end') reader.next()
  skipBrackets(reader)
  return true
}

function skipBrackets(reader: TokenReader): void {
  reader.expectSymbol('(')
  for (let depth = 1; depth > 0;) {
    if (reader.token.kind === 'end') throw reader.unexpected()
    if (reader.isSymbol('(')) depth += 1
    if (reader.isSymbol(')')) depth -= 1
    reader.next()
  }
}

/** The keys as written, without the outer brackets. */
export function parseClusterKeys(reader: TokenReader): string {
  const { start } = reader.token
  reader.bracketed(() => reader.expression())
  return reader.textFrom(start).slice(1, -1).trim()
}

function parseClone(reader: TokenReader): CloneSource | undefined {
  if (!reader.takeWords('CLONE')) return undefined
  return { name: reader.objectName(), travel: parseTravel(reader) }
}

function parseCreateView(reader: TokenReader, modifiers: Modifiers, materialized: boolean): CreateView {
  const creation = parseCreation(reader, modifiers)
  const columns = reader.isSymbol('(') ? reader.bracketed(() => parseViewColumn(reader)) : []
  const { options, copyGrants } = parseTableProperties(reader)
  reader.expectWords('AS')
  const { start } = reader.token
  const query = reader.query()
  const comment = options.get('COMMENT')
  return {
    kind: 'createView',
    ...creation,
    secure: modifiers.words.has('SECURE'),
    temporary: isTemporary(modifiers),
    materialized,
    columns,
    comment: comment?.kind === 'string' ? comment.text : undefined,
    copyGrants,
    query,
    queryText: reader.textFrom(start),
  }
}

function parseViewColumn(reader: TokenReader): CreateView['columns'][number] {
  const name = reader.identifier()
  return { name, comment: reader.takeWords('COMMENT') ? reader.string() : undefined }
}

function parseCreateObject(reader: TokenReader, object: PlainKind, modifiers: Modifiers): CreateObject {
  const creation = parseCreation(reader, modifiers)
  const clone = parseClone(reader)
  const on = object === 'STREAM' ? parseStreamSource(reader) : undefined
  const { options, after, triggers } = parseObjectOptions(reader, object)
  const body = parseActions(reader, object)
  return {
    kind: 'createObject',
    object,
    ...creation,
    transient: modifiers.words.has('TRANSIENT'),
    temporary: isTemporary(modifiers),
    options,
    clone,
    on,
    after,
    triggers,
    ...body,
  }
}

function parseStreamSource(reader: TokenReader): CreateObject['on'] {
  reader.takeWords('COPY', 'GRANTS')
  reader.expectWords('ON')
  const kind = reader.expectOneOf(['TABLE', 'VIEW', 'EXTERNAL TABLE', 'STAGE', 'DYNAMIC TABLE'])
  return { kind, name: reader.objectName(), travel: parseTravel(reader) }
}

export function parseObjectOptions(
  reader: TokenReader,
  object: PlainKind,
): { options: Options; after: readonly ObjectName[]; triggers: readonly MonitorTrigger[] } {
  const options = new Map<string, OptionValue>()
  const after: ObjectName[] = []
  const triggers: MonitorTrigger[] = []
  for (;;) {
    const before = reader.token.start
    for (const [name, value] of parseOptions(reader)) options.set(name, value)
    if (object === 'SEQUENCE') parseSequenceOption(reader, options)
    if (object === 'TASK' && reader.takeWords('AFTER')) after.push(...reader.list(() => reader.objectName()))
    if (object === 'RESOURCE MONITOR' && reader.takeWords('TRIGGERS')) triggers.push(...parseTriggers(reader))
    reader.takeWords('WITH', 'MANAGED', 'ACCESS')
    reader.takeWords('WITH')
    reader.takeSymbol(',')
    if (reader.token.start === before) return { options, after, triggers }
  }
}

/** `START WITH = 5 INCREMENT BY = 2 ORDER`. */
function parseSequenceOption(reader: TokenReader, options: Map<string, OptionValue>): void {
  const name = reader.takeOneOf(['START', 'INCREMENT'])
  if (name !== undefined) {
    reader.takeOneOf(['WITH', 'BY'])
    reader.takeSymbol('=')
    options.set(name, { kind: 'number', text: String(reader.integer()) })
  }
  if (reader.isWord('COMMENT') && reader.ahead(1).kind === 'string') {
    reader.next()
    options.set('COMMENT', { kind: 'string', text: reader.string() })
  }
  reader.takeOneOf(['ORDER', 'NOORDER'])
}

export function parseTriggers(reader: TokenReader): readonly MonitorTrigger[] {
  const triggers: MonitorTrigger[] = []
  while (reader.takeWords('ON')) {
    const percent = reader.integer()
    reader.expectWords('PERCENT', 'DO')
    triggers.push({ percent, action: reader.expectOneOf(['SUSPEND_IMMEDIATE', 'SUSPEND', 'NOTIFY']) })
  }
  return triggers
}

/** A task's `WHEN condition AS statement`, an alert's `IF (EXISTS (…)) THEN statement`. */
function parseActions(
  reader: TokenReader,
  object: PlainKind,
): { conditionText: string | undefined; actionText: string | undefined } {
  if (object !== 'TASK' && object !== 'ALERT') return { conditionText: undefined, actionText: undefined }
  const hasCondition = reader.takeOneOf(['WHEN', 'IF']) !== undefined
  const { start } = reader.token
  if (hasCondition) reader.expression()
  const conditionText = hasCondition ? reader.textFrom(start) : undefined
  reader.expectOneOf(['AS', 'THEN'])
  return { conditionText, actionText: reader.rest() }
}
