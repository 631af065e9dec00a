import { terseColumns } from './show-relations.ts'
import { retentionDaysOf } from '../catalog/catalog.ts'
import { isVisible } from '../catalog/privilege.ts'
import type { Show } from '../parse/ast-statement.ts'
import { findDatabase } from './resolve.ts'
import type { SessionState } from './session-state.ts'
import { wireTime } from './wire-text.ts'
import { listing, existing } from './listing.ts'
import type { Listing } from './listing.ts'

export function showSchemas(session: SessionState, statement: Show): Listing {
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

export function showDatabases(session: SessionState, statement: Show): Listing {
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
