import { forgetLoads } from '../copy/load-history.ts'
import type { DuckDBConnection } from '@duckdb/node-api'
import { VARCHAR } from '@duckdb/node-api'
import type { Table } from '../catalog/catalog-object.ts'
import { text } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Delete, Insert, InsertAll, InsertTarget, Truncate, Update } from '../parse/ast-dml.ts'
import type { Expression } from '../parse/ast-expression.ts'
import type { Query } from '../parse/ast-query.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { condition } from '../translate/translate-expression.ts'
import { emptyScope } from '../translate/scope.ts'
import type { BoundRelation, Scope } from '../translate/scope.ts'
import { quoteName } from '../translate/sql-text.ts'
import { translateFrom } from '../translate/translate-table.ts'
import type { BoundQuery, Translator } from '../translate/translator.ts'
import { keepRows } from '../version/row-history.ts'
import { nextVersion } from '../version/statement-version.ts'
import { boundColumn } from './bind.ts'
import { runDuckdb } from './duckdb.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { lockTable } from './lock-table.ts'
import { findTable, showName } from './resolve.ts'
import type { Place } from './resolve.ts'
import { compilationError } from './sql-error.ts'
import type { ResultRow, StatementRequest, StatementResult } from './statement.ts'
import { atomically } from './transaction.ts'
import { countResult, statementTypes } from './wire.ts'
import { assignSql, columnNamed, defaultOf, defaultSql } from './write.ts'

export async function executeInsert(
  scope: StatementScope,
  insert: Insert,
  request: StatementRequest,
): Promise<StatementResult> {
  const { session } = scope
  const place = findTable(session, insert.table, ['INSERT'])
  // Translated once before, to know what is read; array binds are read from a table that is not there yet.
  if (!hasArrayBinds(insert.source, request)) insertSql(scope, place.object, insert, undefined)
  await lockTable(scope, place.object, insert.overwrite ? 'write' : 'append')
  const count = await atomically(session, async () => {
    const arrays = await stageBinds(scope, insert.source, request)
    try {
      const version = await nextVersion(scope)
      if (insert.overwrite) await deleteAll(scope, place.object, version)
      return await runCounted(session.connection, insertSql(arrays?.scope ?? scope, place.object, insert, arrays?.from))
    } finally {
      if (arrays !== undefined)
        await session.connection.run(`DROP TABLE IF EXISTS ${arrays.table}`).catch(() => undefined)
    }
  })
  return countResult({ 'number of rows inserted': count }, statementTypes.insert)
}

function insertSql(scope: StatementScope, table: Table, insert: Insert, from: string | undefined): string {
  const translator = makeTranslator(environmentOf(scope))
  const named = insert.columns.length === 0 ? table.columns : insert.columns.map((name) => columnNamed(table, name))
  const source = withDefaults(insert.source, named.map(defaultOf))
  const bound = from === undefined ? translator.query(source, undefined) : rowOfBinds(translator, source, from)
  return insertFrom(translator, table, insert.columns, bound)
}

/** `INSERT INTO … SELECT`, each column cast to its own type, and defaults for those that are not named. */
export function insertFrom(translator: Translator, table: Table, names: readonly string[], bound: BoundQuery): string {
  const named = names.length === 0 ? table.columns : names.map((name) => columnNamed(table, name))
  if (bound.columns.length !== named.length) {
    throw compilationError(
      '001039',
      '21S01',
      `Insert value list does not match column list expecting ${named.length} but got ${bound.columns.length}`,
    )
  }
  const values = table.columns.map((column) => {
    const place = named.indexOf(column)
    const given = bound.columns[place]
    return given === undefined
      ? defaultSql(translator, column)
      : assignSql({ sql: `q.c${place + 1}`, type: given.type }, column)
  })
  return `INSERT INTO ${quoteName(table.physical)} (${columnList(table)}) SELECT ${values.join(', ')} FROM (${bound.sql}) AS q`
}

function columnList(table: Table): string {
  return table.columns.map(({ physical }) => quoteName(physical)).join(', ')
}

/** DEFAULT in VALUES is what its column has by default. */
function withDefaults(source: Query, defaults: readonly Expression[]): Query {
  if (source.body.kind !== 'values') return source
  const rows = source.body.rows.map((row) =>
    row.map((value, index) => (value.kind === 'default' ? (defaults[index] ?? value) : value)),
  )
  return { ...source, body: { kind: 'values', rows } }
}

interface BoundArrays {
  readonly table: string
  readonly from: string
  readonly scope: StatementScope
}

function hasArrayBinds({ body }: Query, { binds = [], bindRows }: StatementRequest): boolean {
  return body.kind === 'values' && (bindRows !== undefined || binds.some(({ value }) => Array.isArray(value)))
}

/** Array binds become a temporary table of texts, over whose rows the one row of VALUES is evaluated. */
async function stageBinds(
  scope: StatementScope,
  source: Query,
  request: StatementRequest,
): Promise<BoundArrays | undefined> {
  if (!hasArrayBinds(source, request)) return undefined
  const binds = request.binds ?? []
  const table = `bind_rows_${scope.session.sessionId.replaceAll(/\W/gu, '_')}`
  const rows = request.bindRows ?? arrayRows(binds.map(({ value }) => value))
  await fillTable(scope.session.connection, table, rows)
  const bind = (index: number): TypedSql =>
    boundColumn({ sql: `b.c${index}`, type: text() }, binds[index - 1]?.type ?? 'TEXT')
  return { table, from: `${table} AS b`, scope: { ...scope, bind } }
}

async function* arrayRows(values: readonly (string | null | readonly (string | null)[])[]): AsyncGenerator<ResultRow> {
  const count = Math.max(...values.map((value) => (Array.isArray(value) ? value.length : 1)))
  await Promise.resolve()
  for (let row = 0; row < count; row += 1) {
    yield values.map((value) =>
      Array.isArray(value) ? ((value[row] as string | null | undefined) ?? null) : (value as string | null),
    )
  }
}

async function fillTable(connection: DuckDBConnection, table: string, rows: AsyncIterable<ResultRow>): Promise<void> {
  let appender: Awaited<ReturnType<DuckDBConnection['createAppender']>> | undefined
  for await (const row of rows) {
    if (appender === undefined) {
      const columns = row.map((_, index) => `c${index + 1} VARCHAR`)
      await runDuckdb(connection, `CREATE OR REPLACE TEMP TABLE ${table} (${columns.join(', ')})`)
      appender = await connection.createAppender(table, undefined, 'temp')
    }
    for (const value of row) appender.appendValue(value, VARCHAR)
    appender.endRow()
  }
  appender?.closeSync()
}

function rowOfBinds(translator: Translator, source: Query, from: string): BoundQuery {
  if (source.body.kind !== 'values') throw new Error('array binds stand in VALUES')
  const [row = []] = source.body.rows
  const values = row.map((value) => translator.expression(value, emptyScope))
  return {
    sql: `SELECT ${values.map(({ sql }, index) => `${sql} AS c${index + 1}`).join(', ')} FROM ${from}`,
    columns: values.map(({ type }, index) => ({ name: `COLUMN${index + 1}`, type, nullable: true })),
  }
}

export async function runCounted(connection: DuckDBConnection, sql: string): Promise<number> {
  const result = await runDuckdb(connection, sql)
  return result.rowsChanged
}

/** The rows of the query go to each table whose condition they meet. */
export async function executeInsertAll(scope: StatementScope, insert: InsertAll): Promise<StatementResult> {
  const { session } = scope
  const translator = makeTranslator(environmentOf(scope))
  const bound = translator.query(insert.source, undefined)
  const columns = bound.columns.map((column, index) => ({ ...column, sql: `s.c${index + 1}` }))
  const rows: Scope = { ...emptyScope, relations: [{ name: [], columns }] }
  const branches = branchConditions(translator, insert, rows)
  for (const { target } of branches) {
    await lockTable(scope, findTable(session, target.table, ['INSERT']).object, insert.overwrite ? 'write' : 'append')
  }
  const staged = `multi_${session.sessionId.replaceAll(/\W/gu, '_')}`
  const counts = await atomically(session, async () => {
    await runDuckdb(session.connection, `CREATE OR REPLACE TEMP TABLE ${staged} AS ${bound.sql}`)
    const counted: Record<string, number> = {}
    const version = await nextVersion(scope)
    for (const { target, test } of branches) {
      const { object } = findTable(session, target.table, ['INSERT'])
      if (insert.overwrite) await deleteAll(scope, object, version)
      const values = target.values?.map((value) => translator.expression(value, rows)) ?? columns
      const query = {
        sql: `SELECT ${values.map(({ sql }, index) => `${sql} AS c${index + 1}`).join(', ')} FROM ${staged} AS s WHERE ${test}`,
        columns: values.map(({ type }) => ({ name: '', type, nullable: true })),
      }
      const name = `number of rows inserted into ${showName([object.name])}`
      const sql = insertFrom(translator, object, target.columns, query)
      counted[name] = (counted[name] ?? 0) + (await runCounted(session.connection, sql))
    }
    await runDuckdb(session.connection, `DROP TABLE ${staged}`)
    return counted
  })
  return countResult(counts, statementTypes.multiInsert)
}

function branchConditions(
  translator: Translator,
  { branches, first, otherwise }: InsertAll,
  rows: Scope,
): readonly { readonly target: InsertTarget; readonly test: string }[] {
  const tests = branches.map(({ when }) =>
    when === undefined ? 'TRUE' : `coalesce(${condition(translator, when, rows)}, FALSE)`,
  )
  const none = (before: readonly string[]): string => before.map((test) => ` AND NOT ${test}`).join('')
  const targets = branches.flatMap(({ into }, index) =>
    into.map((target) => ({ target, test: `${tests[index] ?? 'TRUE'}${first ? none(tests.slice(0, index)) : ''}` })),
  )
  return [...targets, ...otherwise.map((target) => ({ target, test: `TRUE${none(tests)}` }))]
}

/** The table under its alias, for what is written in SET and WHERE. */
export function targetRelation(
  { database, schema, object }: Place & { readonly object: Table },
  alias: string | undefined,
  physical: string,
): BoundRelation {
  return {
    name: alias === undefined ? [database.name, schema.name, object.name] : [alias],
    columns: object.columns.map((column) => ({
      name: column.name,
      type: column.type,
      nullable: column.nullable,
      sql: `${physical}.${quoteName(column.physical)}`,
    })),
  }
}

export function assignments(translator: Translator, table: Table, set: Update['set'], scope: Scope): string {
  return set
    .map(({ column: name, value }) => {
      const column = columnNamed(table, name)
      const given = value.kind === 'default' ? defaultOf(column) : value
      return `${quoteName(column.physical)} = ${assignSql(translator.expression(given, scope), column)}`
    })
    .join(', ')
}

export async function executeUpdate(scope: StatementScope, update: Update): Promise<StatementResult> {
  const { session } = scope
  const place = findTable(session, update.table, ['UPDATE'])
  const translator = makeTranslator(environmentOf(scope))
  const from = update.from === undefined ? undefined : translateFrom(translator, update.from, undefined)
  const target = targetRelation(place, update.alias?.name, 't')
  const scopeOfRows: Scope = {
    ...emptyScope,
    relations: [target, ...(from?.relations ?? [])],
    merged: from?.merged ?? [],
  }
  const set = assignments(translator, place.object, update.set, scopeOfRows)
  const where = update.where === undefined ? '' : ` WHERE ${condition(translator, update.where, scopeOfRows)}`
  const source = from === undefined ? '' : ` FROM ${from.sql}`
  const table = quoteName(place.object.physical)
  await lockTable(scope, place.object, 'write')
  const count = await atomically(session, async () => {
    const version = await nextVersion(scope)
    const rows = `SELECT t.rowid FROM ${table} AS t${from === undefined ? '' : `, ${from.sql}`}${where}`
    await keepRows(session, place.object, { version, rows })
    return await runCounted(session.connection, `UPDATE ${table} AS t SET ${set}, _v = ${version}${source}${where}`)
  })
  return countResult(
    { 'number of rows updated': count, 'number of multi-joined rows updated': 0 },
    statementTypes.update,
  )
}

export async function executeDelete(scope: StatementScope, statement: Delete): Promise<StatementResult> {
  const { session } = scope
  const place = findTable(session, statement.table, ['DELETE'])
  const translator = makeTranslator(environmentOf(scope))
  const using = statement.using === undefined ? undefined : translateFrom(translator, statement.using, undefined)
  const target = targetRelation(place, statement.alias?.name, 't')
  const scopeOfRows: Scope = {
    ...emptyScope,
    relations: [target, ...(using?.relations ?? [])],
    merged: using?.merged ?? [],
  }
  const where = statement.where === undefined ? '' : ` WHERE ${condition(translator, statement.where, scopeOfRows)}`
  const source = using === undefined ? '' : ` USING ${using.sql}`
  const table = quoteName(place.object.physical)
  await lockTable(scope, place.object, 'write')
  const count = await atomically(session, async () => {
    const version = await nextVersion(scope)
    const rows = `SELECT t.rowid FROM ${table} AS t${using === undefined ? '' : `, ${using.sql}`}${where}`
    await keepRows(session, place.object, { version, rows })
    return await runCounted(session.connection, `DELETE FROM ${table} AS t${source}${where}`)
  })
  return countResult({ 'number of rows deleted': count }, statementTypes.delete)
}

export async function executeTruncate(scope: StatementScope, { table }: Truncate): Promise<void> {
  const { object } = findTable(scope.session, table, ['TRUNCATE', 'DELETE'])
  await lockTable(scope, object, 'write')
  await atomically(scope.session, async () => {
    await deleteAll(scope, object, await nextVersion(scope))
    // The files that filled it may fill it again.
    await forgetLoads(scope.session.connection, object.id)
  })
}

async function deleteAll({ session }: StatementScope, table: Table, version: number): Promise<void> {
  await keepRows(session, table, { version, rows: undefined })
  await runDuckdb(session.connection, `DELETE FROM ${quoteName(table.physical)}`)
}
