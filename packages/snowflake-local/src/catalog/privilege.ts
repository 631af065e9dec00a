import type { Catalog } from './catalog.ts'
import type { Database, Schema } from './catalog-object.ts'

/** The role and all that are granted to it, directly or through others. */
export function rolesOf(catalog: Catalog, role: string): ReadonlySet<string> {
  const found = new Set([role, 'PUBLIC'])
  for (const current of found) {
    for (const grant of catalog.roleGrants) {
      if (grant.grantee.kind === 'ROLE' && grant.grantee.name === current) found.add(grant.role)
    }
  }
  return found
}

/** A user who was granted no role may take any: an endpoint for trying out starts so. */
export function rolesOfUser(catalog: Catalog, user: string): ReadonlySet<string> {
  const direct = catalog.roleGrants.filter(({ grantee }) => grantee.kind === 'USER' && grantee.name === user)
  if (direct.length === 0) return new Set(catalog.accountObjects('ROLE').map(({ name }) => name))
  return new Set([...direct.flatMap(({ role }) => [...rolesOf(catalog, role)]), 'PUBLIC'])
}

export interface Securable {
  readonly id: number
  readonly owner: string
}

/** ACCOUNTADMIN may do anything, as the owner of all roles would in the end. */
export function hasPrivilege(
  catalog: Catalog,
  role: string,
  object: Securable,
  privileges: readonly string[],
): boolean {
  if (role === 'ACCOUNTADMIN') return true
  const roles = rolesOf(catalog, role)
  if (roles.has(object.owner)) return true
  return catalog.grants.some(
    (grant) =>
      grant.objectId === object.id &&
      roles.has(grant.role) &&
      (privileges.includes(grant.privilege) || grant.privilege === 'OWNERSHIP' || grant.privilege === 'ALL'),
  )
}

/** Whether the role knows of the object at all: what it has no privilege on does not exist for it. */
export function isVisible(catalog: Catalog, role: string, object: Securable): boolean {
  if (role === 'ACCOUNTADMIN') return true
  const roles = rolesOf(catalog, role)
  return (
    roles.has(object.owner) || catalog.grants.some((grant) => grant.objectId === object.id && roles.has(grant.role))
  )
}

/** Whether the role may grant and revoke on every object, whoever owns it. */
export function managesGrants(catalog: Catalog, role: string): boolean {
  const roles = rolesOf(catalog, role)
  if (role === 'ACCOUNTADMIN' || roles.has('SECURITYADMIN')) return true
  return catalog.grants.some((grant) => grant.privilege === 'MANAGE GRANTS' && roles.has(grant.role))
}

/** A role needs USAGE on database and schema before anything in them. */
export function mayUse(catalog: Catalog, role: string, container: Database | Schema): boolean {
  if (isVisible(catalog, role, container) || managesGrants(catalog, role)) return true
  if (container.kind === 'SCHEMA') return false
  return [...container.schemas.values()].some((schema) => schema.owner === role)
}
