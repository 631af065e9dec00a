import { objectKey, retentionDaysOf } from '../catalog/catalog.ts'
import type { Column, Relation, Schema, SchemaObject, Table, View } from '../catalog/catalog-object.ts'
import { duckdbType } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { resolveType } from '../catalog/type-name.ts'
import type { CloneSource, ColumnDefinition, CreateTable, CreateView } from '../parse/ast-ddl.ts'
import type { ObjectName } from '../parse/ast-expression.ts'
import { optionText } from '../parse/ast-option.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { BoundQuery } from '../translate/translator.ts'
import { alterHistory, createHistory, rowsAt, versionColumn } from '../version/row-history.ts'
import { nextVersion } from '../version/statement-version.ts'
import { runDuckdb } from './duckdb.ts'
import { environmentOf, travelSql } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { bindQuery } from './execute-query.ts'
import { insertFrom } from './execute-dml.ts'
import { applyFutureGrants, copyGrants } from './grants.ts'
import { fullName, findTable, placeOf, requirePrivilege } from './resolve.ts'
import type { Place } from './resolve.ts'
import { compilationError, existingObject } from './sql-error.ts'
import { temporaryKey } from './session-state.ts'
import type { SessionState } from './session-state.ts'
import { defaultSql } from './write.ts'

export async function createTable(scope: StatementScope, statement: CreateTable): Promise<string> {
  const { session } = scope
  const place = placeOf(session, statement.name)
  requirePrivilege(session, place.schema, 'CREATE TABLE')
  const before = sameLifetime(session, place, statement.lifetime === 'temporary')
  if (before !== undefined && !statement.replace) {
    if (statement.ifNotExists) return `${place.name} already exists, statement succeeded.`
    throw existingObject(fullName(place))
  }
  const { table, query } = await tableOf(scope, statement, place)
  await makePhysical(session, table)
  await nextVersion(scope)
  if (query !== undefined) {
    const translator = makeTranslator(environmentOf(scope))
    await runDuckdb(session.connection, insertFrom(translator, table, [], query))
  } else if (statement.clone !== undefined) await copyRows(scope, table, statement.clone)
  if (before !== undefined) {
    if (statement.copyGrants) copyGrants(session, before, table)
    discard(session, place.schema, before)
  }
  register(session, place.schema, table)
  applyFutureGrants(session, place, table)
  const kind = statement.dynamicQueryText === undefined ? 'Table' : 'Dynamic table'
  return `${kind} ${place.name} successfully created.`
}

/** A temporary table stands before a permanent one of the same name and replaces only its like. */
function sameLifetime(session: SessionState, { schema, name }: Place, temporary: boolean): Relation | undefined {
  const key = objectKey('TABLE', name)
  const found = temporary ? session.temporary.get(temporaryKey(schema.id, key)) : schema.objects.get(key)
  return found as Relation | undefined
}

export function isTemporary(object: SchemaObject): boolean {
  if (object.kind === 'TABLE') return object.lifetime === 'temporary'
  return 'temporary' in object && object.temporary
}

export function register(session: SessionState, schema: Schema, object: SchemaObject): void {
  const key = objectKey(object.kind, object.name)
  if (isTemporary(object)) session.temporary.set(temporaryKey(schema.id, key), object)
  else schema.objects.set(key, object)
}

/** Takes an object out of the catalog. Of a table that Time Travel covers, the rows stay for UNDROP. */
export function discard(session: SessionState, schema: Schema, object: SchemaObject): void {
  const key = objectKey(object.kind, object.name)
  if (isTemporary(object)) session.temporary.delete(temporaryKey(schema.id, key))
  else {
    schema.objects.delete(key)
    schema.dropped.push({ object, droppedMs: Date.now() })
  }
}

interface PlannedTable {
  readonly table: Table
  readonly query: BoundQuery | undefined
}

async function tableOf(scope: StatementScope, statement: CreateTable, place: Place): Promise<PlannedTable> {
  const { session } = scope
  const now = Date.now()
  const { catalog } = session.engine
  const id = catalog.nextId()
  const option = (name: string): string | undefined => optionText(statement.options.get(name))
  const table: Table = {
    kind: 'TABLE',
    id,
    name: place.name,
    owner: session.role,
    comment: option('COMMENT') ?? '',
    createdMs: now,
    alteredMs: now,
    physical: `t${id}`,
    columns: [],
    constraints: [...statement.constraints, ...statement.columns.flatMap(({ constraints }) => constraints)],
    lifetime: statement.lifetime,
    clusterBy: statement.clusterBy,
    retentionDays: Number(option('DATA_RETENTION_TIME_IN_DAYS') ?? retentionDaysOf(place.database, place.schema)),
    columnSerial: 0,
    dynamic:
      statement.dynamicQueryText === undefined
        ? undefined
        : {
            queryText: statement.dynamicQueryText,
            targetLag: option('TARGET_LAG') ?? '',
            warehouse: option('WAREHOUSE') ?? session.warehouse ?? '',
            refreshMode: option('REFRESH_MODE') ?? 'AUTO',
          },
  }
  const like = modelOf(session, statement)
  if (like !== undefined) {
    await addColumnsLike(session, table, like, statement.like === undefined)
    return { table, query: undefined }
  }
  const query = statement.query === undefined ? undefined : bindQuery(scope, statement.query)
  for (const definition of definitionsOf(session, statement, query)) await addColumn(session, table, definition)
  const keys = new Set(table.constraints.filter(({ kind }) => kind === 'PRIMARY KEY').flatMap(({ columns }) => columns))
  for (const column of table.columns) if (keys.has(column.name)) column.nullable = false
  return { table, query }
}

function modelOf(session: SessionState, { like, clone }: CreateTable): Table | undefined {
  const name: ObjectName | undefined = like ?? clone?.name
  return name === undefined ? undefined : findTable(session, name, ['SELECT']).object
}

interface PlannedColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly definition: ColumnDefinition | undefined
}

/** Of a CTAS the columns' types come from the query where they are not written. */
function definitionsOf(
  session: SessionState,
  { columns }: CreateTable,
  query: BoundQuery | undefined,
): readonly PlannedColumn[] {
  if (query === undefined) {
    return columns.map((definition) => {
      if (definition.type === undefined)
        throw compilationError('001003', '42000', `syntax error: column ${definition.name} has no type.`)
      return {
        name: definition.name,
        type: resolveType(definition.type, session.parameters.get('TIMESTAMP_TYPE_MAPPING')),
        nullable: !definition.notNull,
        definition,
      }
    })
  }
  if (columns.length > 0 && columns.length !== query.columns.length) {
    throw compilationError(
      '002025',
      '21S01',
      `Invalid column definition list: expected ${query.columns.length} columns, got ${columns.length}`,
    )
  }
  const names = query.columns.map(({ name }, index) => columns[index]?.name ?? name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw compilationError('002025', '42S21', `duplicate column name '${repeated}'`)
  return query.columns.map(({ type }, index) => {
    const definition = columns[index]
    const written =
      definition?.type === undefined
        ? storedType(type)
        : resolveType(definition.type, session.parameters.get('TIMESTAMP_TYPE_MAPPING'))
    return { name: names[index] ?? '', type: written, nullable: definition?.notNull !== true, definition }
  })
}

/** A bare NULL makes a text; a text literal makes one of any length. */
function storedType(type: SqlType): SqlType {
  return type.name === 'NULL' ? { name: 'TEXT', length: 16_777_216 } : type
}

async function addColumn(session: SessionState, table: Table, planned: PlannedColumn): Promise<Column> {
  if (table.columns.some(({ name }) => name === planned.name)) {
    throw compilationError('002025', '42S21', `duplicate column name '${planned.name}'`)
  }
  table.columnSerial += 1
  const { definition } = planned
  const column: Column = {
    name: planned.name,
    physical: `c${table.columnSerial}`,
    type: planned.type,
    nullable: planned.nullable,
    default: definition?.default?.text,
    identity: await identityOf(session, definition?.identity),
    comment: definition?.comment ?? '',
  }
  table.columns.push(column)
  return column
}

async function identityOf(session: SessionState, identity: ColumnDefinition['identity']): Promise<Column['identity']> {
  if (identity === undefined) return undefined
  const sequence = `s${session.engine.catalog.nextId()}`
  await runDuckdb(session.connection, createSequenceSql(sequence, identity.start, identity.increment))
  return { sequence, ...identity }
}

export function createSequenceSql(name: string, start: string, increment: string): string {
  const bounds = BigInt(increment) < 0n ? ' MINVALUE -9223372036854775808 MAXVALUE 9223372036854775807' : ''
  return `CREATE SEQUENCE ${name} START WITH ${start} INCREMENT BY ${increment}${bounds}`
}

async function addColumnsLike(session: SessionState, table: Table, model: Table, isClone: boolean): Promise<void> {
  for (const column of model.columns) {
    const identity = await identityOf(session, column.identity)
    table.columnSerial += 1
    table.columns.push({ ...column, physical: `c${table.columnSerial}`, identity })
  }
  table.constraints = [...model.constraints]
  table.clusterBy ??= model.clusterBy
  if (isClone && table.comment === '') table.comment = model.comment
}

async function makePhysical(session: SessionState, table: Table): Promise<void> {
  const columns = table.columns.map(
    ({ physical, type, nullable }) => `${quoteName(physical)} ${duckdbType(type)}${nullable ? '' : ' NOT NULL'}`,
  )
  await runDuckdb(
    session.connection,
    `CREATE TABLE ${quoteName(table.physical)} (${[...columns, versionColumn].join(', ')})`,
  )
  await createHistory(session, table)
}

async function copyRows(scope: StatementScope, table: Table, { name, travel }: CloneSource): Promise<void> {
  const source = findTable(scope.session, name, ['SELECT']).object
  const columns = source.columns.map(({ physical }) => quoteName(physical)).join(', ')
  const own = table.columns.map(({ physical }) => quoteName(physical)).join(', ')
  const rows = travel === undefined ? quoteName(source.physical) : rowsAt(source, travelSql(scope, source, travel))
  await runDuckdb(
    scope.session.connection,
    `INSERT INTO ${quoteName(table.physical)} (${own}) SELECT ${columns} FROM ${rows} AS source`,
  )
}

/** For ALTER TABLE ADD COLUMN: rows that are there get the default. */
export async function addPhysicalColumn(
  scope: StatementScope,
  table: Table,
  definition: ColumnDefinition,
): Promise<void> {
  const { session } = scope
  if (definition.type === undefined)
    throw compilationError('001003', '42000', `syntax error: column ${definition.name} has no type.`)
  const type = resolveType(definition.type, session.parameters.get('TIMESTAMP_TYPE_MAPPING'))
  const column = await addColumn(session, table, {
    name: definition.name,
    type,
    nullable: !definition.notNull,
    definition,
  })
  table.constraints.push(...definition.constraints)
  const alter = `ALTER TABLE ${quoteName(table.physical)}`
  const name = quoteName(column.physical)
  const hasValue = column.default !== undefined || column.identity !== undefined
  const value = hasValue ? ` DEFAULT ${defaultSql(makeTranslator(environmentOf(scope)), column)}` : ''
  // DuckDB fills the rows with the default. An UPDATE would not do: it commits none beside an ALTER of the same table.
  await runDuckdb(session.connection, `${alter} ADD COLUMN ${name} ${duckdbType(type)}${value}`)
  await alterHistory(session, table, `ADD COLUMN ${name} ${duckdbType(type)}`)
  if (hasValue) await runDuckdb(session.connection, `${alter} ALTER COLUMN ${name} DROP DEFAULT`)
  if (!column.nullable) await runDuckdb(session.connection, `${alter} ALTER COLUMN ${name} SET NOT NULL`)
}

export async function createView(scope: StatementScope, statement: CreateView): Promise<string> {
  const { session } = scope
  const place = placeOf(session, statement.name)
  requirePrivilege(session, place.schema, 'CREATE VIEW')
  const before = sameLifetime(session, place, statement.temporary)
  if (before !== undefined && !statement.replace) {
    if (statement.ifNotExists) return `${place.name} already exists, statement succeeded.`
    throw existingObject(fullName(place))
  }
  if (before?.kind === 'TABLE' && statement.replace) {
    throw compilationError('002194', '42601', `Object '${place.name}' already exists as TABLE`)
  }
  const bound = bindQuery(
    { ...scope, session: { ...session, database: place.database.name, schema: place.schema.name } },
    statement.query,
  )
  const now = Date.now()
  const view: View = {
    kind: 'VIEW',
    id: session.engine.catalog.nextId(),
    name: place.name,
    owner: session.role,
    comment: statement.comment ?? '',
    createdMs: now,
    alteredMs: now,
    queryText: statement.queryText,
    columns: viewColumns(statement, bound),
    secure: statement.secure,
    materialized: statement.materialized,
    temporary: statement.temporary,
  }
  if (before !== undefined) {
    if (statement.copyGrants) copyGrants(session, before, view)
    discard(session, place.schema, before)
  }
  register(session, place.schema, view)
  applyFutureGrants(session, place, view)
  await Promise.resolve()
  return `View ${place.name} successfully created.`
}

function viewColumns({ columns }: CreateView, bound: BoundQuery): View['columns'] {
  if (columns.length > 0 && columns.length !== bound.columns.length) {
    throw compilationError(
      '002057',
      '42601',
      `View definition has ${columns.length} columns, but its query has ${bound.columns.length}`,
    )
  }
  return bound.columns.map(({ name, type, nullable }, index) => ({
    name: columns[index]?.name ?? name,
    comment: columns[index]?.comment ?? '',
    type: storedType(type),
    nullable,
  }))
}
