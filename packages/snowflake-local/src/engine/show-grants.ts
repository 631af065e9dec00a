import type { Show } from '../parse/ast-statement.ts'
import type { GrantRecord } from '../catalog/catalog-object.ts'
import { findDatabase, findRelationObject, findSchema } from './resolve.ts'
import type { SessionState } from './session-state.ts'
import type { Listing } from './listing.ts'
import { text, timestamp } from '../catalog/sql-type.ts'
import { wireTime } from './wire-text.ts'

const columnNames = 'created_on privilege granted_on name granted_to grantee_name grant_option granted_by'.split(' ')

function table(names: readonly string[], rows: Listing['rows']): Listing {
  const columns = names.map((name) => ({
    name,
    type: name === 'created_on' ? timestamp('TIMESTAMP_LTZ', 3) : text(),
    nullable: true,
  }))
  return { columns, rows }
}

export function showGrants(session: SessionState, { relation, kind, name }: NonNullable<Show['grants']>): Listing {
  const { catalog } = session.engine
  const named = name?.parts.at(-1) ?? session.user
  if (relation === 'OF' || (relation === 'TO' && kind === 'USER')) {
    const grants = catalog.roleGrants.filter((grant) =>
      relation === 'OF' ? grant.role === named : grant.grantee.kind === 'USER' && grant.grantee.name === named,
    )
    return table(
      ['created_on', 'role', 'granted_to', 'grantee_name', 'granted_by'],
      grants.map(({ role, grantee }) => [wireTime(0), role, grantee.kind, grantee.name, '']),
    )
  }
  const objects = namesOfObjects(session)
  if (relation === 'TO') {
    const direct = catalog.grants.filter(({ role }) => role === named)
    const owned = [...objects].filter(([, object]) => object.owner === named)
    const roles = catalog.roleGrants.filter(({ grantee }) => grantee.kind === 'ROLE' && grantee.name === named)
    return table(columnNames, [
      ...roles.map(({ role }) => [wireTime(0), 'USAGE', 'ROLE', role, 'ROLE', named, 'false', '']),
      ...direct.map((grant) => grantRow(grant, objects.get(grant.objectId)?.name ?? '')),
      ...owned.map(([, object]) => ownerRow(object)),
    ])
  }
  const object = objectOf(session, kind, name)
  const shown = objects.get(object.id)?.name ?? named
  const grants = catalog.grants.filter(({ objectId }) => objectId === object.id)
  return table(columnNames, [
    ownerRow({ name: shown, kind: kind.replace(' ', '_'), owner: object.owner, createdMs: object.createdMs }),
    ...grants.map((grant) => grantRow(grant, shown)),
  ])
}

interface NamedObject {
  readonly name: string
  readonly kind: string
  readonly owner: string
  readonly createdMs: number
}

function grantRow(
  { privilege, kind, role, grantOption, grantedBy, createdMs }: GrantRecord,
  name: string,
): Listing['rows'][number] {
  return [wireTime(createdMs), privilege, kind.replace(' ', '_'), name, 'ROLE', role, String(grantOption), grantedBy]
}

function ownerRow({ name, kind, owner, createdMs }: NamedObject): Listing['rows'][number] {
  return [wireTime(createdMs), 'OWNERSHIP', kind, name, 'ROLE', owner, 'true', owner]
}

function objectOf(
  session: SessionState,
  kind: string,
  name: NonNullable<Show['grants']>['name'],
): NamedObject & { id: number } {
  const parts = name?.parts ?? []
  if (kind === 'DATABASE') return findDatabase(session, parts[0])
  if (kind === 'SCHEMA') return findSchema(session, parts).schema
  const account = [...session.engine.catalog.account.values()].find(
    (object) => object.kind === kind && object.name === parts[0],
  )
  if (account !== undefined) return account
  return findRelationObject(session, name ?? { parts, at: 0 }, ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES'])
    .object
}

function namesOfObjects({ engine: { catalog } }: SessionState): ReadonlyMap<number, NamedObject> {
  const names = new Map<number, NamedObject>()
  for (const object of catalog.account.values()) names.set(object.id, object)
  for (const database of catalog.databases.values()) {
    names.set(database.id, database)
    for (const schema of database.schemas.values()) {
      names.set(schema.id, { ...schema, name: `${database.name}.${schema.name}` })
      for (const object of schema.objects.values()) {
        names.set(object.id, { ...object, name: `${database.name}.${schema.name}.${object.name}` })
      }
    }
  }
  return names
}
