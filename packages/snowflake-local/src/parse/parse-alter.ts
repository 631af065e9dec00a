import type { AlterObject, AlterTable, ColumnChange, PlainKind, TableChange } from './ast-ddl.ts'
import { parseColumn, parseConstraint } from './parse-column.ts'
import { parseClusterKeys, parseObjectOptions, parseTriggers, plainKinds } from './parse-create.ts'
import { parseOptions } from './parse-option.ts'
import { parseType } from './parse-type.ts'
import type { TokenReader } from './token-reader.ts'

const tableKinds = ['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'DYNAMIC TABLE', 'EXTERNAL TABLE'] as const

/** After ALTER. */
export function parseAlter(reader: TokenReader): AlterTable | AlterObject {
  const table = reader.takeOneOf(tableKinds)
  if (table !== undefined) {
    const ifExists = reader.takeWords('IF', 'EXISTS')
    return { kind: 'alterTable', object: table, name: reader.objectName(), ifExists, change: parseTableChange(reader) }
  }
  const object = reader.expectOneOf(plainKinds)
  const ifExists = reader.takeWords('IF', 'EXISTS')
  const isCurrent = object === 'USER' && reader.isWord('SET')
  const name = isCurrent ? { parts: ['CURRENT_USER'], at: reader.token.start } : reader.objectName()
  return { kind: 'alterObject', object, name, ifExists, change: parseObjectChange(reader, object) }
}

function parseTableChange(reader: TokenReader): TableChange {
  if (reader.takeWords('RENAME', 'TO')) return { kind: 'rename', to: reader.objectName() }
  if (reader.takeWords('SWAP', 'WITH')) return { kind: 'swap', with: reader.objectName() }
  if (reader.takeWords('RENAME', 'COLUMN')) return parseRenameColumn(reader)
  if (reader.takeWords('CLUSTER', 'BY')) return { kind: 'clusterBy', keys: parseClusterKeys(reader) }
  if (reader.takeWords('DROP', 'CLUSTERING', 'KEY')) return { kind: 'clusterBy', keys: undefined }
  if (reader.takeWords('ADD')) return parseAdd(reader)
  if (reader.takeWords('DROP')) return parseDrop(reader)
  if (reader.takeOneOf(['ALTER', 'MODIFY']) !== undefined) return parseAlterColumns(reader)
  if (reader.takeWords('SET', 'SECURE')) return { kind: 'secure', secure: true }
  if (reader.takeWords('UNSET', 'SECURE')) return { kind: 'secure', secure: false }
  if (reader.takeWords('SET')) return { kind: 'set', options: parseSetOptions(reader) }
  if (reader.takeWords('UNSET')) return { kind: 'unset', names: reader.list(() => reader.identifier()) }
  return parseAcknowledged(reader)
}

/** `SET TAG x = 'y'` is heard and has no effect. */
function parseSetOptions(reader: TokenReader): ReturnType<typeof parseOptions> {
  if (!reader.takeWords('TAG')) return parseOptions(reader)
  reader.list(() => {
    reader.objectName()
    reader.expectSymbol('=')
    return reader.string()
  })
  return new Map()
}

function parseAcknowledged(reader: TokenReader): TableChange {
  const words = reader.expectOneOf([
    'RESUME RECLUSTER',
    'SUSPEND RECLUSTER',
    'RECLUSTER',
    'RESUME',
    'SUSPEND',
    'REFRESH',
    'ENABLE',
    'DISABLE',
  ])
  return { kind: 'acknowledge', words }
}

function parseRenameColumn(reader: TokenReader): TableChange {
  const from = reader.identifier()
  reader.expectWords('TO')
  return { kind: 'renameColumn', from, to: reader.identifier() }
}

function parseAdd(reader: TokenReader): TableChange {
  const constraint = parseConstraint(reader)
  if (constraint !== undefined) return { kind: 'addConstraint', constraint }
  reader.takeWords('COLUMN')
  let ifNotExists = reader.takeWords('IF', 'NOT', 'EXISTS')
  const columns = reader.list(() => {
    reader.takeWords('COLUMN')
    if (reader.takeWords('IF', 'NOT', 'EXISTS')) ifNotExists = true
    return parseColumn(reader)
  })
  return { kind: 'addColumns', ifNotExists, columns }
}

function parseDrop(reader: TokenReader): TableChange {
  if (reader.takeWords('CONSTRAINT')) return { kind: 'dropConstraint', constraint: reader.identifier() }
  const key = reader.takeOneOf(['PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY'])
  if (key !== undefined) {
    if (reader.isSymbol('(')) reader.bracketed(() => reader.identifier())
    return { kind: 'dropConstraint', constraint: key }
  }
  reader.takeWords('COLUMN')
  const ifExists = reader.takeWords('IF', 'EXISTS')
  const columns = reader.list(() => {
    reader.takeWords('COLUMN')
    return reader.identifier()
  })
  reader.takeOneOf(['CASCADE', 'RESTRICT'])
  return { kind: 'dropColumns', ifExists, columns }
}

/** `ALTER (COLUMN a …, COLUMN b …)`, with brackets or without. */
function parseAlterColumns(reader: TokenReader): TableChange {
  const changes = reader.isSymbol('(')
    ? reader.bracketed(() => parseColumnChange(reader))
    : reader.list(() => parseColumnChange(reader))
  return { kind: 'alterColumns', changes }
}

function parseColumnChange(reader: TokenReader): ColumnChange {
  reader.takeWords('COLUMN')
  const column = reader.identifier()
  if (reader.takeWords('COMMENT')) return { column, kind: 'comment', comment: reader.string() }
  if (reader.takeWords('UNSET', 'COMMENT')) return { column, kind: 'comment', comment: undefined }
  if (reader.takeWords('SET', 'NOT', 'NULL') || reader.takeWords('NOT', 'NULL')) {
    return { column, kind: 'notNull', notNull: true }
  }
  if (reader.takeWords('DROP', 'NOT', 'NULL')) return { column, kind: 'notNull', notNull: false }
  if (reader.takeWords('DROP', 'DEFAULT')) return { column, kind: 'dropDefault' }
  if (reader.takeWords('SET', 'DEFAULT')) {
    const { start } = reader.token
    const expression = reader.expression()
    return { column, kind: 'default', expression, text: reader.textFrom(start) }
  }
  if (!reader.takeWords('SET', 'DATA', 'TYPE')) reader.takeWords('TYPE')
  return { column, kind: 'type', type: parseType(reader) }
}

function parseObjectChange(reader: TokenReader, object: PlainKind): AlterObject['change'] {
  if (reader.takeWords('RENAME', 'TO')) return { kind: 'rename', to: reader.objectName() }
  if (reader.takeWords('SWAP', 'WITH')) return { kind: 'swap', with: reader.objectName() }
  if (reader.takeWords('UNSET')) return { kind: 'unset', names: reader.list(() => reader.identifier()) }
  if (reader.takeWords('ADD', 'AFTER'))
    return { kind: 'after', add: true, tasks: reader.list(() => reader.objectName()) }
  if (reader.takeWords('REMOVE', 'AFTER')) {
    return { kind: 'after', add: false, tasks: reader.list(() => reader.objectName()) }
  }
  if (reader.takeWords('MODIFY')) return parseModify(reader)
  if (reader.takeWords('REMOVE', 'WHEN')) return { kind: 'unset', names: ['WHEN'] }
  if (reader.takeWords('SET') || reader.token.kind !== 'word') return parseSet(reader, object)
  return parseAction(reader) ?? parseSet(reader, object)
}

function parseSet(reader: TokenReader, object: PlainKind): AlterObject['change'] {
  const { options, triggers } = parseObjectOptions(reader, object)
  const more = object === 'RESOURCE MONITOR' && reader.takeWords('TRIGGERS') ? parseTriggers(reader) : []
  return { kind: 'set', options, triggers: [...triggers, ...more] }
}

function parseAction(reader: TokenReader): AlterObject['change'] | undefined {
  const words = reader.takeOneOf(['RESUME', 'SUSPEND', 'ABORT ALL QUERIES', 'REFRESH', 'ENABLE', 'DISABLE'])
  if (words === undefined) return undefined
  reader.takeWords('IF', 'SUSPENDED')
  return { kind: 'act', words }
}

function parseModify(reader: TokenReader): AlterObject['change'] {
  const part = reader.expectOneOf(['AS', 'WHEN', 'CONDITION', 'ACTION'])
  if (part === 'CONDITION') reader.takeWords('IF')
  return { kind: 'modify', part, text: reader.rest() }
}
