import type { Relation, SchemaObject } from '../catalog/catalog-object.ts'
import type { Place } from './resolve.ts'
import type { SessionState } from './session-state.ts'

/** COPY GRANTS: what replaces an object keeps the privileges on it, but for the ownership. */
export function copyGrants({ engine }: SessionState, from: Relation, to: Relation): void {
  const grants = engine.catalog.grants.filter(({ objectId }) => objectId === from.id)
  engine.catalog.grants.push(...grants.map((grant) => ({ ...grant, objectId: to.id })))
}

/** Grants of the future become grants of the object when it is made; those of the schema hide those of the database. */
export function applyFutureGrants(
  { engine: { catalog }, role }: SessionState,
  place: Place,
  object: SchemaObject,
): void {
  const kind = object.kind
  const of = (containerId: number): typeof catalog.futureGrants =>
    catalog.futureGrants.filter((grant) => grant.containerId === containerId && grant.kind === kind)
  const ofSchema = of(place.schema.id)
  for (const grant of ofSchema.length > 0 ? ofSchema : of(place.database.id)) {
    catalog.grants.push({
      privilege: grant.privilege,
      kind,
      objectId: object.id,
      role: grant.role,
      grantOption: false,
      grantedBy: role,
      createdMs: Date.now(),
    })
  }
}
