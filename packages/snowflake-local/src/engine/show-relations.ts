import { clusteringKey, relationsIn } from '../catalog/information-schema.ts'
import type { Relation, Table } from '../catalog/catalog-object.ts'
import type { Show } from '../parse/ast-statement.ts'
import { quoteName } from '../translate/sql-text.ts'
import { readNumber } from './duckdb.ts'
import type { SessionState } from './session-state.ts'
import { wireTime } from './wire-text.ts'
import { listing, schemasIn } from './listing.ts'
import type { Listing } from './listing.ts'

export const terseColumns = ['created_on', 'name', 'kind', 'database_name', 'schema_name']
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
    'created_on name database_name schema_name cluster_by rows bytes owner target_lag refresh_mode refresh_mode_reason warehouse initialization_warehouse comment text automatic_clustering scheduling_state last_suspended_on is_clone is_replica data_timestamp owner_role_type immutable_where'.split(
      ' ',
    ),
}

export async function showRelations(session: SessionState, statement: Show): Promise<Listing> {
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

export function isShown(object: Relation, objects: string): boolean {
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
