import { objectKey } from '../catalog/catalog.ts'
import type { Table, View } from '../catalog/catalog-object.ts'
import { duckdbType, formatType } from '../catalog/sql-type.ts'
import { resolveType } from '../catalog/type-name.ts'
import type { AlterTable, ColumnChange, TableChange } from '../parse/ast-ddl.ts'
import { optionText } from '../parse/ast-option.ts'
import { castSql } from '../translate/cast.ts'
import { quoteName } from '../translate/sql-text.ts'
import { parseStatement } from '../parse/parse-statement.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { alterHistory, keepRows } from '../version/row-history.ts'
import { nextVersion } from '../version/statement-version.ts'
import { runDuckdb } from './duckdb.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { insertFrom } from './execute-dml.ts'
import { bindQuery } from './execute-query.ts'
import { addPhysicalColumn, discard, isTemporary, register } from './execute-table.ts'
import { lockTable } from './lock-table.ts'
import { findRelationObject, findSchema, fullName, showName } from './resolve.ts'
import type { Place } from './resolve.ts'
import { SqlError, compilationError, existingObject } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import { temporaryKey } from './session-state.ts'
import { columnNamed } from './write.ts'

const succeeded = 'Statement executed successfully.'

export async function alterTable(scope: StatementScope, statement: AlterTable): Promise<string> {
  const { session } = scope
  const found = tryFind(session, statement)
  if (found === undefined) return succeeded
  const { change } = statement
  if (change.kind === 'swap') return swap(session, found, change)
  if (change.kind === 'rename') return rename(session, found, change)
  if (found.object.kind === 'VIEW') return alterView(found.object, change)
  const before = structuredClone(found.object)
  try {
    if (change.kind === 'acknowledge' && change.words === 'REFRESH')
      await refresh(scope, { ...found, object: found.object })
    else await changeTable(scope, found.object, change)
  } catch (error) {
    // DuckDB takes its part back with the transaction.
    Object.assign(found.object, before)
    throw error
  }
  found.object.alteredMs = Date.now()
  return succeeded
}

/** Waits until no open transaction has changed the table; names and comments change without. */
export async function lockAltered(scope: StatementScope, statement: AlterTable): Promise<Table | undefined> {
  const { kind } = statement.change
  if (kind !== 'addColumns' && kind !== 'dropColumns' && kind !== 'alterColumns' && kind !== 'acknowledge')
    return undefined
  const object = tryFind(scope.session, statement)?.object
  if (object?.kind !== 'TABLE') return undefined
  await lockTable(scope, object, 'define')
  return object
}

type Found = Place & { readonly object: Table | View }

function tryFind(session: SessionState, { name, ifExists }: AlterTable): Found | undefined {
  try {
    return findRelationObject(session, name, ['OWNERSHIP'])
  } catch (error) {
    if (ifExists && error instanceof SqlError && error.code === '002003') return undefined
    throw error
  }
}

/** Into another schema too, where the new name says one. A bare name is one of the session's schema. */
function rename(session: SessionState, { schema, object }: Found, { to }: TableChange & { kind: 'rename' }): string {
  const target = { ...findSchema(session, to.parts.slice(0, -1)), name: to.parts.at(-1) ?? '' }
  const key = objectKey(object.kind, target.name)
  const isTaken = isTemporary(object)
    ? session.temporary.has(temporaryKey(target.schema.id, key))
    : target.schema.objects.has(key)
  if (isTaken) throw existingObject(fullName(target))
  const { dropped } = schema
  discard(session, schema, object)
  // It has not been dropped, only moved.
  if (dropped.at(-1)?.object === object) dropped.pop()
  object.name = target.name
  object.alteredMs = Date.now()
  register(session, target.schema, object)
  return succeeded
}

/** Names, rows and privileges change places: each table keeps its id under the other's name. */
function swap(session: SessionState, found: Found, { with: other }: TableChange & { kind: 'swap' }): string {
  const partner = findRelationObject(session, other, ['OWNERSHIP'])
  if (found.object.kind !== 'TABLE' || partner.object.kind !== 'TABLE') {
    throw compilationError('002037', '42601', 'Only tables can be swapped.')
  }
  found.schema.objects.delete(objectKey('TABLE', found.object.name))
  partner.schema.objects.delete(objectKey('TABLE', partner.object.name))
  const [mine, theirs] = [found.object.name, partner.object.name]
  found.object.name = theirs
  partner.object.name = mine
  register(session, partner.schema, found.object)
  register(session, found.schema, partner.object)
  return succeeded
}

function alterView(view: View, change: TableChange): string {
  if (change.kind === 'secure') view.secure = change.secure
  else if (change.kind === 'set') view.comment = optionText(change.options.get('COMMENT')) ?? view.comment
  else if (change.kind === 'unset') view.comment = ''
  else if (change.kind === 'alterColumns') for (const part of change.changes) commentViewColumn(view, part)
  else if (change.kind !== 'acknowledge') throw compilationError('002037', '42601', `'${view.name}' is a view.`)
  return succeeded
}

function commentViewColumn(view: View, change: ColumnChange): void {
  const column = view.columns.find(({ name }) => name === change.column)
  if (column === undefined) throw compilationError('000904', '42000', `invalid identifier '${change.column}'`)
  if (change.kind === 'comment') column.comment = change.comment ?? ''
}

async function changeTable(scope: StatementScope, table: Table, change: TableChange): Promise<void> {
  switch (change.kind) {
    case 'addColumns': {
      for (const definition of change.columns) {
        const exists = table.columns.some(({ name }) => name === definition.name)
        if (exists && change.ifNotExists) continue
        if (exists) throw compilationError('001430', '42601', `column '${definition.name}' already exists`)
        await addPhysicalColumn(scope, table, definition)
      }
      return
    }
    case 'dropColumns': {
      for (const name of change.columns) await dropColumn(scope.session, table, name, change.ifExists)
      return
    }
    case 'renameColumn': {
      if (table.columns.some(({ name }) => name === change.to)) {
        throw compilationError('001430', '42601', `column '${change.to}' already exists`)
      }
      columnNamed(table, change.from).name = change.to
      return
    }
    case 'alterColumns': {
      for (const part of change.changes) await changeColumn(scope.session, table, part)
      return
    }
    case 'addConstraint':
      table.constraints.push(change.constraint)
      return
    case 'dropConstraint':
      table.constraints = table.constraints.filter(
        ({ kind, name }) => kind !== change.constraint && name !== change.constraint,
      )
      return
    case 'clusterBy':
      table.clusterBy = change.keys
      return
    case 'set':
      setProperties(table, change)
      return
    case 'unset':
      if (change.names.includes('COMMENT')) table.comment = ''
      if (change.names.includes('DATA_RETENTION_TIME_IN_DAYS')) table.retentionDays = 1
      return
    default:
  }
}

function setProperties(table: Table, { options }: TableChange & { kind: 'set' }): void {
  table.comment = optionText(options.get('COMMENT')) ?? table.comment
  table.retentionDays = Number(optionText(options.get('DATA_RETENTION_TIME_IN_DAYS')) ?? table.retentionDays)
  if (table.dynamic === undefined) return
  table.dynamic.targetLag = optionText(options.get('TARGET_LAG')) ?? table.dynamic.targetLag
  table.dynamic.warehouse = optionText(options.get('WAREHOUSE')) ?? table.dynamic.warehouse
}

async function dropColumn(session: SessionState, table: Table, name: string, ifExists: boolean): Promise<void> {
  if (ifExists && !table.columns.some((column) => column.name === name)) return
  const column = columnNamed(table, name)
  if (table.columns.length === 1)
    throw compilationError('002217', '42601', `cannot drop the only column of table ${table.name}`)
  await runDuckdb(
    session.connection,
    `ALTER TABLE ${quoteName(table.physical)} DROP COLUMN ${quoteName(column.physical)}`,
  )
  await alterHistory(session, table, `DROP COLUMN ${quoteName(column.physical)}`)
  table.columns = table.columns.filter((candidate) => candidate !== column)
}

async function changeColumn(session: SessionState, table: Table, change: ColumnChange): Promise<void> {
  const column = columnNamed(table, change.column)
  const alter = `ALTER TABLE ${quoteName(table.physical)} ALTER COLUMN ${quoteName(column.physical)}`
  switch (change.kind) {
    case 'comment':
      column.comment = change.comment ?? ''
      return
    case 'dropDefault':
      column.default = undefined
      return
    case 'default':
      column.default = change.text
      return
    case 'notNull':
      await runDuckdb(session.connection, `${alter} ${change.notNull ? 'SET' : 'DROP'} NOT NULL`)
      column.nullable = !change.notNull
      return
    case 'type': {
      const to = resolveType(change.type)
      if (!isWidening(column.type, to)) {
        throw compilationError(
          '002108',
          '22000',
          `cannot change column ${showName([column.name])} from type ${formatType(column.type)} to ${formatType(to)}`,
        )
      }
      if (duckdbType(to) !== duckdbType(column.type)) {
        const value = castSql({ sql: quoteName(column.physical), type: column.type }, to)
        // DuckDB alters no column that a NOT NULL stands on.
        if (!column.nullable) await runDuckdb(session.connection, `${alter} DROP NOT NULL`)
        await runDuckdb(session.connection, `${alter} SET DATA TYPE ${duckdbType(to)} USING ${value}`)
        if (!column.nullable) await runDuckdb(session.connection, `${alter} SET NOT NULL`)
        await alterHistory(
          session,
          table,
          `ALTER COLUMN ${quoteName(column.physical)} SET DATA TYPE ${duckdbType(to)} USING ${value}`,
        )
      }
      column.type = to
    }
  }
}

/** Snowflake changes lengths and the precision of numbers of one scale, and nothing else. */
function isWidening(from: Table['columns'][number]['type'], to: Table['columns'][number]['type']): boolean {
  if (from.name !== to.name) return false
  if (from.name === 'NUMBER' && to.name === 'NUMBER') return from.scale === to.scale
  if (from.name === 'TEXT' && to.name === 'TEXT') return to.length >= from.length
  if (from.name === 'BINARY' && to.name === 'BINARY') return to.length >= from.length
  return formatType(from) === formatType(to)
}

/** A dynamic table's rows anew, from the query that it was made with. */
async function refresh(
  scope: StatementScope,
  { database, schema, object }: Place & { readonly object: Table },
): Promise<void> {
  const { session } = scope
  if (object.dynamic === undefined) return
  const query = parseStatement(object.dynamic.queryText)
  if (query.kind !== 'query') throw new Error('a dynamic table holds no query')
  const within = { ...scope, session: { ...session, database: database.name, schema: schema.name } }
  const rows = insertFrom(makeTranslator(environmentOf(within)), object, [], bindQuery(within, query))
  await keepRows(session, object, { version: await nextVersion(scope), rows: undefined })
  await runDuckdb(session.connection, `DELETE FROM ${quoteName(object.physical)}`)
  await runDuckdb(session.connection, rows)
}
