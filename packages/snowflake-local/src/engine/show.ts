import { clusteringKey, relationsIn } from '../catalog/information-schema.ts'
import { retentionDaysOf } from '../catalog/catalog.ts'
import type { Database, Relation, Schema, SchemaObject, Table } from '../catalog/catalog-object.ts'
import { isVisible } from '../catalog/privilege.ts'
import { formatType, integer, text, timestamp } from '../catalog/sql-type.ts'
import type { Show } from '../parse/ast-statement.ts'
import { matches } from '../translate/translate-select.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { OutputColumn } from '../translate/translator.ts'
import { readNumber } from './duckdb.ts'
import type { StatementScope } from './environment.ts'
import { keepResult } from './execute-query.ts'
import { findDatabase, findRelationObject, findSchema } from './resolve.ts'
import { SqlError, unsupportedFeature } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import type { ResultRow, StatementResult } from './statement.ts'
import { showGrants } from './show-grants.ts'
import { wireTime } from './wire-text.ts'
import { rowsResult } from './wire.ts'

/** Columns in order, each with its value of an object. */
export interface Listing {
  readonly columns: readonly OutputColumn[]
  readonly rows: readonly ResultRow[]
}

/** Rows by the names of their columns, which all rows have alike. */
export function listing(rows: readonly Readonly<Record<string, string | null>>[], columns: readonly string[]): Listing {
  return {
    columns: columns.map((name) => ({ name, type: typeOfShown(name), nullable: true })),
    rows: rows.map((row) => columns.map((name) => row[name] ?? null)),
  }
}

const numbers = new Set(['rows', 'bytes', 'interval', 'next_value', 'auto_suspend', 'auto_resume_count'])
const times = new Set(['created_on', 'dropped_on', 'updated_on', 'resumed_on'])

function typeOfShown(name: string): OutputColumn['type'] {
  if (times.has(name)) return timestamp('TIMESTAMP_LTZ', 3)
  return numbers.has(name) ? integer : text()
}

export async function show(scope: StatementScope, statement: Show): Promise<StatementResult> {
  const all = await listed(scope.session, statement)
  const rows = limited(all, statement)
  keepResult(scope.session.engine.results, scope.request.queryId, { columns: all.columns, rows, complete: true })
  return rowsResult(all.columns, rows)
}

/** LIKE, whatever the case; STARTS WITH; LIMIT … FROM a name. */
function limited({ columns, rows }: Listing, { like, startsWith, limit, from, objects }: Show): readonly ResultRow[] {
  const place = columns.findIndex(
    ({ name }) => name === (objects === 'COLUMNS' ? 'column_name' : objects === 'PARAMETERS' ? 'key' : 'name'),
  )
  const kept = rows.filter((row) => {
    const name = row[place] ?? ''
    return (
      (like === undefined || matches(like, name)) &&
      (startsWith === undefined || name.startsWith(startsWith)) &&
      (from === undefined || name > from)
    )
  })
  return limit === undefined ? kept : kept.slice(0, limit)
}

async function listed(session: SessionState, statement: Show): Promise<Listing> {
  if (statement.grants !== undefined) return showGrants(session, statement.grants)
  switch (statement.objects) {
    case 'TABLES':
    case 'OBJECTS':
    case 'VIEWS':
    case 'MATERIALIZED VIEWS':
    case 'DYNAMIC TABLES':
    case 'EXTERNAL TABLES':
      return await showRelations(session, statement)
    case 'SCHEMAS':
      return showSchemas(session, statement)
    case 'DATABASES':
      return showDatabases(session, statement)
    case 'COLUMNS':
      return showColumns(session, statement)
    case 'PRIMARY KEYS':
    case 'UNIQUE KEYS':
      return showKeys(session, statement)
    case 'IMPORTED KEYS':
    case 'EXPORTED KEYS':
      return listing([], ['created_on', 'pk_database_name', 'pk_schema_name', 'pk_table_name', 'pk_column_name'])
    case 'FUNCTIONS':
    case 'PROCEDURES':
      // None can be created here; tools ask for those of users all the same.
      return listing([], functionColumns)
    case 'PARAMETERS':
      return showParameters(session)
    case 'VARIABLES':
      return listing(
        [...session.variables].map(([name, value]) => ({ name, value: value.literal ?? null, type: value.type.name })),
        ['name', 'value', 'type'],
      )
    case 'WAREHOUSES':
    case 'ROLES':
    case 'USERS':
    case 'RESOURCE MONITORS':
      return showAccountObjects(session, statement.objects)
    default:
      return showSchemaObjects(session, statement)
  }
}

const functionColumns = (
  'created_on name schema_name is_builtin is_aggregate is_ansi min_num_arguments max_num_arguments arguments ' +
  'description catalog_name is_table_function valid_for_clustering is_secure is_external_function language'
).split(' ')

interface Within {
  readonly database: Database
  readonly schema: Schema
}

/** The schemas that IN names; without it those of the session, or the whole account. */
function schemasIn(session: SessionState, { in: within }: Show): readonly Within[] {
  const { catalog } = session.engine
  const of = (database: Database): readonly Within[] =>
    [...database.schemas.values()].map((schema) => ({ database, schema }))
  const all = (): readonly Within[] => [...catalog.databases.values()].flatMap(of)
  if (within?.kind === 'ACCOUNT') return all()
  if (within?.kind === 'DATABASE') return of(existing(() => findDatabase(session, within.name?.parts[0])))
  if (within !== undefined) return [existing(() => findSchema(session, within.name?.parts ?? []))]
  if (session.database === undefined) return all()
  if (session.schema === undefined) return of(findDatabase(session, undefined))
  return [findSchema(session, [])]
}

/** SHOW and USE tell a missing container by another number. */
function existing<Found>(find: () => Found): Found {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== '002003') throw error
    throw new SqlError({
      code: '002043',
      sqlState: '02000',
      message: 'SQL compilation error:\nObject does not exist, or operation cannot be performed.',
      cause: error,
    })
  }
}

const terseColumns = ['created_on', 'name', 'kind', 'database_name', 'schema_name']
const relationColumns: Readonly<Record<string, readonly string[]>> = {
  TABLES:
    'created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time automatic_clustering change_tracking is_external enable_schema_evolution owner_role_type is_event is_hybrid is_iceberg is_dynamic is_immutable'.split(
      ' ',
    ),
  OBJECTS:
    'created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time owner_role_type is_hybrid is_dynamic is_iceberg'.split(
      ' ',
    ),
  VIEWS:
    'created_on name reserved database_name schema_name owner comment text is_secure is_materialized owner_role_type change_tracking'.split(
      ' ',
    ),
  'DYNAMIC TABLES':
    'created_on name database_name schema_name cluster_by rows bytes owner target_lag refresh_mode refresh_mode_reason warehouse comment text automatic_clustering scheduling_state last_suspended_on is_clone is_replica data_timestamp owner_role_type'.split(
      ' ',
    ),
}

async function showRelations(session: SessionState, statement: Show): Promise<Listing> {
  const found = schemasIn(session, statement).flatMap(({ database, schema }) =>
    relationsIn(session, schema)
      .filter((object) => isShown(object, statement.objects))
      .map((object) => ({ database, schema, object })),
  )
  const rows = []
  for (const { database, schema, object } of found) {
    const count = object.kind === 'TABLE' && !statement.terse ? await rowCount(session, object) : null
    // SHOW TABLES tells how long a table lives; SHOW OBJECTS calls all of them tables, and dbt counts on it.
    const kind = object.kind === 'TABLE' && statement.objects === 'OBJECTS' ? { kind: 'TABLE' } : {}
    rows.push({ ...relationRow(object, count), ...kind, database_name: database.name, schema_name: schema.name })
  }
  const columns = relationColumns[statement.objects] ?? relationColumns['VIEWS'] ?? []
  return listing(rows, statement.terse ? terseColumns : columns)
}

function isShown(object: Relation, objects: string): boolean {
  const isDynamic = object.kind === 'TABLE' && object.dynamic !== undefined
  if (objects === 'OBJECTS') return true
  if (objects === 'TABLES') return object.kind === 'TABLE' && !isDynamic
  if (objects === 'DYNAMIC TABLES') return isDynamic
  if (objects === 'VIEWS') return object.kind === 'VIEW'
  return object.kind === 'VIEW' && object.materialized && objects === 'MATERIALIZED VIEWS'
}

async function rowCount(session: SessionState, { physical }: Table): Promise<string> {
  return String(await readNumber(session.connection, `SELECT count(*) FROM ${quoteName(physical)}`))
}

function relationRow(object: Relation, rows: string | null): Readonly<Record<string, string | null>> {
  const common = {
    created_on: wireTime(object.createdMs),
    name: object.name,
    comment: object.comment,
    owner: object.owner,
    owner_role_type: 'ROLE',
    is_hybrid: 'N',
    is_iceberg: 'N',
    is_dynamic: 'N',
    change_tracking: 'OFF',
  }
  if (object.kind === 'VIEW') {
    return {
      ...common,
      kind: object.materialized ? 'MATERIALIZED_VIEW' : 'VIEW',
      reserved: '',
      text: object.queryText,
      is_secure: String(object.secure),
      is_materialized: String(object.materialized),
      cluster_by: '',
    }
  }
  const lifetimes = { permanent: 'TABLE', transient: 'TRANSIENT', temporary: 'TEMPORARY' } as const
  return {
    ...common,
    kind: lifetimes[object.lifetime],
    cluster_by: clusteringKey(object.clusterBy) ?? '',
    rows,
    bytes: '0',
    retention_time: String(object.retentionDays),
    automatic_clustering: object.clusterBy === undefined ? 'OFF' : 'ON',
    is_external: 'N',
    enable_schema_evolution: 'N',
    is_event: 'N',
    is_immutable: 'N',
    is_dynamic: object.dynamic === undefined ? 'N' : 'Y',
    target_lag: object.dynamic?.targetLag ?? null,
    refresh_mode: object.dynamic?.refreshMode ?? null,
    warehouse: object.dynamic?.warehouse ?? null,
    text: object.dynamic?.queryText ?? null,
    scheduling_state: object.dynamic === undefined ? null : 'ACTIVE',
  }
}

function showSchemas(session: SessionState, statement: Show): Listing {
  const { catalog } = session.engine
  const databases =
    statement.in?.kind === 'ACCOUNT' || (statement.in === undefined && session.database === undefined)
      ? [...catalog.databases.values()]
      : [existing(() => findDatabase(session, statement.in?.name?.parts[0]))]
  const rows = databases.flatMap((database) => [
    ...[...database.schemas.values()]
      .filter((schema) => isVisible(catalog, session.role, schema))
      .map((schema) => ({
        created_on: wireTime(schema.createdMs),
        name: schema.name,
        kind: null,
        is_default: 'N',
        is_current: session.database === database.name && session.schema === schema.name ? 'Y' : 'N',
        database_name: database.name,
        schema_name: null,
        owner: schema.owner,
        comment: schema.comment,
        options: schema.transient ? 'TRANSIENT' : '',
        retention_time: String(retentionDaysOf(database, schema)),
        owner_role_type: 'ROLE',
      })),
    {
      created_on: wireTime(database.createdMs),
      name: 'INFORMATION_SCHEMA',
      kind: null,
      is_default: 'N',
      is_current: 'N',
      database_name: database.name,
      schema_name: null,
      owner: '',
      comment: 'Views describing the contents of schemas in this database',
      options: '',
      retention_time: String(retentionDaysOf(database)),
      owner_role_type: '',
    },
  ])
  const full =
    'created_on name is_default is_current database_name owner comment options retention_time owner_role_type'.split(
      ' ',
    )
  return listing(rows, statement.terse ? terseColumns : full)
}

function showDatabases(session: SessionState, statement: Show): Listing {
  const { catalog } = session.engine
  const rows = [...catalog.databases.values()]
    .filter((database) => isVisible(catalog, session.role, database))
    .map((database) => ({
      created_on: wireTime(database.createdMs),
      name: database.name,
      kind: 'STANDARD',
      is_default: 'N',
      is_current: session.database === database.name ? 'Y' : 'N',
      origin: '',
      owner: database.owner,
      comment: database.comment,
      options: database.transient ? 'TRANSIENT' : '',
      retention_time: String(retentionDaysOf(database)),
      database_name: null,
      schema_name: null,
    }))
  const full = 'created_on name is_default is_current origin owner comment options retention_time kind'.split(' ')
  return listing(rows, statement.terse ? terseColumns : full)
}

function showColumns(session: SessionState, statement: Show): Listing {
  const isTable = statement.in?.kind === 'TABLE' || statement.in?.kind === 'VIEW' || statement.in?.kind === ''
  const relations =
    isTable && statement.in?.name !== undefined
      ? [findRelationObject(session, statement.in.name, ['SELECT'])]
      : schemasIn(session, statement).flatMap((within) =>
          relationsIn(session, within.schema).map((object) => ({ ...within, object })),
        )
  const rows = relations.flatMap(({ database, schema, object }) =>
    object.columns.map((column) => ({
      table_name: object.name,
      schema_name: schema.name,
      column_name: column.name,
      data_type: JSON.stringify({ type: formatType(column.type).replace(/\(.*$/u, ''), nullable: column.nullable }),
      'null?': column.nullable ? 'true' : 'NOT_NULL',
      default: '',
      kind: 'COLUMN',
      expression: '',
      comment: column.comment,
      database_name: database.name,
      autoincrement: '',
    })),
  )
  return listing(
    rows,
    'table_name schema_name column_name data_type null? default kind expression comment database_name autoincrement'.split(
      ' ',
    ),
  )
}

function showKeys(session: SessionState, statement: Show): Listing {
  const kind = statement.objects === 'PRIMARY KEYS' ? 'PRIMARY KEY' : 'UNIQUE'
  const isTable = statement.in?.name !== undefined && (statement.in.kind === 'TABLE' || statement.in.kind === '')
  const relations =
    isTable && statement.in?.name !== undefined
      ? [findRelationObject(session, statement.in.name, ['SELECT'])]
      : schemasIn(session, statement).flatMap((within) =>
          relationsIn(session, within.schema).map((object) => ({ ...within, object })),
        )
  const rows = relations.flatMap(({ database, schema, object }) =>
    object.kind === 'VIEW'
      ? []
      : object.constraints
          .filter((constraint) => constraint.kind === kind)
          .flatMap((constraint, index) =>
            constraint.columns.map((column, place) => ({
              created_on: wireTime(object.createdMs),
              database_name: database.name,
              schema_name: schema.name,
              table_name: object.name,
              column_name: column,
              key_sequence: String(place + 1),
              constraint_name: constraint.name ?? `SYS_CONSTRAINT_${object.id}_${index + 1}`,
              rely: 'false',
              comment: null,
            })),
          ),
  )
  return listing(
    rows,
    'created_on database_name schema_name table_name column_name key_sequence constraint_name rely comment'.split(' '),
  )
}

function showParameters(session: SessionState): Listing {
  const rows = [...session.parameters].map(([key, value]) => ({
    key,
    value,
    default: '',
    level: 'SESSION',
    description: '',
    type: /^(?:true|false)$/iu.test(value) ? 'BOOLEAN' : 'STRING',
  }))
  if (!session.parameters.has('QUERY_TAG')) {
    rows.push({ key: 'QUERY_TAG', value: '', default: '', level: '', description: '', type: 'STRING' })
  }
  return listing(rows, ['key', 'value', 'default', 'level', 'description', 'type'])
}

function showAccountObjects(session: SessionState, objects: string): Listing {
  const { catalog } = session.engine
  const seen = <Item extends { id: number; owner: string }>(items: readonly Item[]): readonly Item[] =>
    items.filter((item) => isVisible(catalog, session.role, item))
  switch (objects) {
    case 'WAREHOUSES':
      return listing(
        seen(catalog.accountObjects('WAREHOUSE')).map((warehouse) => ({
          name: warehouse.name,
          state: warehouse.suspended ? 'SUSPENDED' : 'STARTED',
          type: 'STANDARD',
          size: warehouse.size,
          is_current: session.warehouse === warehouse.name ? 'Y' : 'N',
          auto_suspend: String(warehouse.autoSuspendS),
          auto_resume: String(warehouse.autoResume),
          created_on: wireTime(warehouse.createdMs),
          owner: warehouse.owner,
          comment: warehouse.comment,
          resource_monitor: warehouse.resourceMonitor ?? 'null',
        })),
        'name state type size is_current auto_suspend auto_resume created_on owner comment resource_monitor'.split(' '),
      )
    case 'ROLES':
      return listing(
        catalog.accountObjects('ROLE').map(({ name, owner, comment, createdMs }) => ({
          created_on: wireTime(createdMs),
          name,
          is_default: 'N',
          is_current: session.role === name ? 'Y' : 'N',
          is_inherited: 'N',
          owner,
          comment,
        })),
        'created_on name is_default is_current is_inherited owner comment'.split(' '),
      )
    case 'USERS':
      return listing(
        catalog.accountObjects('USER').map(({ name, owner, comment, createdMs }) => ({
          name,
          created_on: wireTime(createdMs),
          login_name: name,
          owner,
          comment,
          disabled: 'false',
        })),
        'name created_on login_name owner comment disabled'.split(' '),
      )
    default:
      return listing(
        seen(catalog.accountObjects('RESOURCE MONITOR')).map((monitor) => ({
          name: monitor.name,
          credit_quota: monitor.creditQuota === undefined ? null : monitor.creditQuota.toFixed(2),
          used_credits: '0.00',
          remaining_credits: monitor.creditQuota === undefined ? null : monitor.creditQuota.toFixed(2),
          level: null,
          frequency: monitor.frequency,
          notify_at: percents(monitor.triggers, 'NOTIFY'),
          suspend_at: percents(monitor.triggers, 'SUSPEND'),
          suspend_immediately_at: percents(monitor.triggers, 'SUSPEND_IMMEDIATE'),
          created_on: wireTime(monitor.createdMs),
          owner: monitor.owner,
          comment: monitor.comment,
        })),
        'name credit_quota used_credits remaining_credits level frequency notify_at suspend_at suspend_immediately_at created_on owner comment'.split(
          ' ',
        ),
      )
  }
}

function percents(triggers: readonly { percent: number; action: string }[], action: string): string | null {
  const found = triggers.filter((trigger) => trigger.action === action).map(({ percent }) => `${percent}%`)
  return found.length === 0 ? null : found.join(',')
}

function showSchemaObjects(session: SessionState, statement: Show): Listing {
  const kind = statement.objects.replace(/S$/u, '')
  const known = ['SEQUENCE', 'STAGE', 'FILE FORMAT', 'STREAM', 'TASK', 'ALERT']
  if (!known.includes(kind)) throw unsupportedFeature(`SHOW ${statement.objects}`)
  const rows = schemasIn(session, statement).flatMap(({ database, schema }) =>
    [...schema.objects.values()]
      .filter((object) => object.kind === kind && isVisible(session.engine.catalog, session.role, object))
      .map((object) => ({
        created_on: wireTime(object.createdMs),
        name: object.name,
        database_name: database.name,
        schema_name: schema.name,
        owner: object.owner,
        comment: object.comment,
        owner_role_type: 'ROLE',
        ...detailsOf(object),
      })),
  )
  const columns = Object.keys(detailsOfKind[kind] ?? {})
  return listing(rows, [
    'created_on',
    'name',
    'database_name',
    'schema_name',
    ...columns,
    'owner',
    'comment',
    'owner_role_type',
  ])
}

const detailsOfKind: Readonly<Record<string, Readonly<Record<string, null>>>> = {
  SEQUENCE: { next_value: null, interval: null },
  STAGE: { url: null, has_credentials: null, has_encryption_key: null, type: null },
  'FILE FORMAT': { type: null },
  STREAM: { table_name: null, source_type: null, type: null, stale: null, mode: null },
  TASK: { warehouse: null, schedule: null, predecessors: null, state: null, definition: null, condition: null },
  ALERT: { warehouse: null, schedule: null, state: null, condition: null, action: null },
}

function detailsOf(object: SchemaObject): Readonly<Record<string, string | null>> {
  switch (object.kind) {
    case 'SEQUENCE':
      return { next_value: object.start, interval: object.increment }
    case 'STAGE':
      return { url: '', has_credentials: 'N', has_encryption_key: 'N', type: 'INTERNAL' }
    case 'FILE FORMAT': {
      const type = object.options.get('TYPE')
      return { type: type !== undefined && 'text' in type ? type.text.toUpperCase() : 'CSV' }
    }
    case 'STREAM':
      return {
        table_name: object.tableName,
        source_type: 'Table',
        type: 'DELTA',
        stale: 'false',
        mode: object.appendOnly ? 'APPEND_ONLY' : 'DEFAULT',
      }
    case 'TASK':
      return {
        warehouse: object.warehouse ?? null,
        schedule: object.schedule ?? null,
        predecessors: JSON.stringify(object.after),
        state: object.state,
        definition: object.definition,
        condition: object.condition ?? null,
      }
    case 'ALERT':
      return {
        warehouse: object.warehouse ?? null,
        schedule: object.schedule ?? null,
        state: object.state,
        condition: object.condition,
        action: object.action,
      }
    default:
      return {}
  }
}
