import { relationsIn } from '../catalog/information-schema.ts'
import type { SchemaObject } from '../catalog/catalog-object.ts'
import { isVisible } from '../catalog/privilege.ts'
import { formatType } from '../catalog/sql-type.ts'
import type { Show } from '../parse/ast-statement.ts'
import { matches } from '../translate/translate-select.ts'
import type { StatementScope } from './environment.ts'
import { keepResult } from './execute-query.ts'
import { findRelationObject } from './resolve.ts'
import { unsupportedFeature } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import type { ResultRow, StatementResult } from './statement.ts'
import { showGrants } from './show-grants.ts'
import { wireTime } from './wire-text.ts'
import { rowsResult } from './wire.ts'
import { listing, schemasIn } from './listing.ts'
import type { Listing } from './listing.ts'
import { showRelations } from './show-relations.ts'
import { showSchemas, showDatabases } from './show-containers.ts'
import { showAccountObjects } from './show-account.ts'

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
