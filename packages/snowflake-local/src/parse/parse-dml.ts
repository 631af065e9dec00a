import type {
  Assignment,
  Delete,
  FileStatement,
  Insert,
  InsertAll,
  InsertTarget,
  Merge,
  MergeBranch,
  Truncate,
  Update,
} from './ast-dml.ts'
import type { Options } from './ast-option.ts'
import { parseOptions } from './parse-option.ts'
import { parseTableAlias } from './parse-select-item.ts'
import { parseTables } from './parse-table.ts'
import type { TokenReader } from './token-reader.ts'

export function parseInsert(reader: TokenReader): Insert | InsertAll {
  reader.expectWords('INSERT')
  const overwrite = reader.takeWords('OVERWRITE')
  const multiple = reader.takeOneOf(['ALL', 'FIRST'])
  if (multiple !== undefined) return parseInsertAll(reader, overwrite, multiple === 'FIRST')
  reader.expectWords('INTO')
  reader.takeWords('TABLE')
  const table = reader.objectName()
  const columns = parseColumnList(reader)
  return { kind: 'insert', table, overwrite, columns, source: reader.query() }
}

/** `(a, b)`, unless the bracket opens a query. */
function parseColumnList(reader: TokenReader): readonly string[] {
  if (!reader.isSymbol('(')) return []
  const isQuery = reader.isWord('SELECT', 1) || reader.isWord('WITH', 1) || reader.isSymbol('(', 1)
  return isQuery ? [] : reader.bracketed(() => reader.identifier())
}

function parseInsertAll(reader: TokenReader, overwrite: boolean, first: boolean): InsertAll {
  const branches: InsertAll['branches'][number][] = []
  let otherwise: readonly InsertTarget[] = []
  if (reader.isWord('INTO')) branches.push({ when: undefined, into: parseInsertTargets(reader) })
  while (reader.takeWords('WHEN')) {
    const when = reader.expression()
    reader.expectWords('THEN')
    branches.push({ when, into: parseInsertTargets(reader) })
  }
  if (reader.takeWords('ELSE')) otherwise = parseInsertTargets(reader)
  return { kind: 'insertAll', overwrite, first, branches, otherwise, source: reader.query() }
}

function parseInsertTargets(reader: TokenReader): readonly InsertTarget[] {
  const targets: InsertTarget[] = []
  while (reader.takeWords('INTO')) {
    const table = reader.objectName()
    const columns = parseColumnList(reader)
    const values = reader.takeWords('VALUES') ? reader.bracketed(() => reader.expression()) : undefined
    targets.push({ table, columns, values })
  }
  return targets
}

export function parseUpdate(reader: TokenReader): Update {
  reader.expectWords('UPDATE')
  const table = reader.objectName()
  const alias = parseTableAlias(reader)
  reader.expectWords('SET')
  const set = reader.list(() => parseAssignment(reader))
  const from = reader.takeWords('FROM') ? parseTables(reader) : undefined
  const where = reader.takeWords('WHERE') ? reader.expression() : undefined
  return { kind: 'update', table, alias, set, from, where }
}

/** The column may be written with the table's name or alias before it. */
function parseAssignment(reader: TokenReader): Assignment {
  const { parts } = reader.objectName()
  reader.expectSymbol('=')
  return { column: parts.at(-1) ?? '', value: reader.expression() }
}

export function parseDelete(reader: TokenReader): Delete {
  reader.expectWords('DELETE', 'FROM')
  const table = reader.objectName()
  const alias = parseTableAlias(reader)
  const using = reader.takeWords('USING') ? parseTables(reader) : undefined
  const where = reader.takeWords('WHERE') ? reader.expression() : undefined
  return { kind: 'delete', table, alias, using, where }
}

export function parseMerge(reader: TokenReader): Merge {
  reader.expectWords('MERGE', 'INTO')
  const table = reader.objectName()
  const alias = parseTableAlias(reader)
  reader.expectWords('USING')
  const using = parseTables(reader)
  reader.expectWords('ON')
  const on = reader.expression()
  const branches: MergeBranch[] = []
  while (reader.takeWords('WHEN')) branches.push(parseMergeBranch(reader))
  if (branches.length === 0) throw reader.unexpected()
  return { kind: 'merge', table, alias, using, on, branches }
}

function parseMergeBranch(reader: TokenReader): MergeBranch {
  const matched = !reader.takeWords('NOT')
  reader.expectWords('MATCHED')
  const condition = reader.takeWords('AND') ? reader.expression() : undefined
  reader.expectWords('THEN')
  if (!matched) return { condition, ...parseMergeInsert(reader) }
  if (reader.takeWords('DELETE')) return { condition, kind: 'delete' }
  reader.expectWords('UPDATE', 'SET')
  return { condition, kind: 'update', set: reader.list(() => parseAssignment(reader)) }
}

function parseMergeInsert(reader: TokenReader): Omit<MergeBranch & { kind: 'insert' }, 'condition'> {
  reader.expectWords('INSERT')
  const columns = reader.isSymbol('(') ? reader.bracketed(() => reader.objectName().parts.at(-1) ?? '') : []
  reader.expectWords('VALUES')
  return { kind: 'insert', columns, values: reader.bracketed(() => reader.expression()) }
}

export function parseTruncate(reader: TokenReader): Truncate {
  reader.expectWords('TRUNCATE')
  reader.takeWords('TABLE')
  const ifExists = reader.takeWords('IF', 'EXISTS')
  return { kind: 'truncate', table: reader.objectName(), ifExists }
}

/** `PUT file://… @stage options`, `GET @stage file://… options`. */
export function parseTransfer(reader: TokenReader): FileStatement {
  const isPut = reader.expectOneOf(['PUT', 'GET']) === 'PUT'
  const localBefore = isPut ? parseLocalPath(reader) : undefined
  const location = takeBind(reader) ?? reader.stage()
  const localPath = localBefore ?? parseLocalPath(reader)
  return { kind: isPut ? 'put' : 'get', localPath, location, options: parseOptions(reader) }
}

function takeBind(reader: TokenReader): { readonly bind: number } | undefined {
  const { token } = reader
  if (token.kind !== 'bind') return undefined
  const bind = reader.bindIndex()
  reader.next()
  return { bind }
}

/** The driver writes its stage binds as `PUT file://1'@…`: a quote behind the path that opens nothing. */
function parseLocalPath(reader: TokenReader): string {
  const { token } = reader
  if (token.kind !== 'path' && !(token.kind === 'string' && token.text.startsWith('file://'))) throw reader.unexpected()
  reader.next()
  return token.text.slice('file://'.length)
}

export function parseFileStatement(reader: TokenReader): FileStatement {
  const kind = reader.expectOneOf(['LIST', 'LS', 'REMOVE', 'RM']).startsWith('L') ? 'list' : 'remove'
  const location = reader.stage()
  const options: Options = parseOptions(reader)
  return { kind, location, options }
}
