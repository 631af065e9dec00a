import type { Database, Schema, SchemaObject } from '../catalog/catalog-object.ts'
import type { Grant, GrantTarget } from '../parse/ast-ddl.ts'
import { hasPrivilege, managesGrants } from '../catalog/privilege.ts'
import { findDatabase, findSchema, objectAt, placeOf, showName } from './resolve.ts'
import { compilationError, insufficientPrivileges, unknownObject } from './sql-error.ts'
import type { SessionState } from './session-state.ts'

const succeeded = 'Statement executed successfully.'

interface Target {
  readonly id: number
  readonly kind: string
  readonly name: string
  owner: string
}

export function executeGrant(session: SessionState, grant: Grant): string {
  switch (grant.kind) {
    case 'grantRole':
    case 'revokeRole':
      changeRole(session, grant)
      break
    case 'grantOwnership':
      requireRole(session, grant.role)
      for (const target of targetsOf(session, grant.on)) {
        requireOwner(session, target)
        target.owner = grant.role
      }
      break
    default:
      changePrivileges(session, grant)
  }
  return succeeded
}

function requireRole(session: SessionState, role: string): void {
  if (session.engine.catalog.accountObject('ROLE', role) === undefined) throw unknownObject('Role', showName([role]))
}

function changeRole(
  session: SessionState,
  { kind, role, grantee }: Grant & { kind: 'grantRole' | 'revokeRole' },
): void {
  const { catalog } = session.engine
  requireRole(session, role)
  if (grantee.kind === 'ROLE') requireRole(session, grantee.name)
  const isSame = (other: { role: string; grantee: { kind: string; name: string } }): boolean =>
    other.role === role && other.grantee.kind === grantee.kind && other.grantee.name === grantee.name
  catalog.roleGrants = catalog.roleGrants.filter((other) => !isSame(other))
  if (kind === 'grantRole') catalog.roleGrants.push({ role, grantee })
}

function changePrivileges(session: SessionState, grant: Grant & { kind: 'grant' | 'revoke' }): void {
  const { catalog } = session.engine
  const role = grant.grantee.name
  if (grant.grantee.kind === 'ROLE') requireRole(session, role)
  if (grant.on.scope === 'FUTURE') {
    changeFuture(session, grant)
    return
  }
  for (const target of targetsOf(session, grant.on)) {
    requireOwner(session, target)
    for (const privilege of grant.privileges) {
      catalog.grants = catalog.grants.filter(
        (other) =>
          !(
            other.objectId === target.id &&
            other.role === role &&
            (other.privilege === privilege || privilege === 'ALL')
          ),
      )
      if (grant.kind === 'revoke') continue
      catalog.grants.push({
        privilege,
        kind: target.kind,
        objectId: target.id,
        role,
        grantOption: grant.withGrantOption,
        grantedBy: session.role,
        createdMs: Date.now(),
      })
    }
  }
}

function requireOwner(session: SessionState, target: Target): void {
  const { catalog } = session.engine
  if (managesGrants(catalog, session.role) || hasPrivilege(catalog, session.role, target, ['OWNERSHIP'])) return
  throw insufficientPrivileges(target.kind.toLowerCase(), showName([target.name]))
}

function changeFuture(
  session: SessionState,
  { kind, on, privileges, grantee }: Grant & { kind: 'grant' | 'revoke' },
): void {
  const { catalog } = session.engine
  const containerId = containerOf(session, on).id
  for (const privilege of privileges) {
    catalog.futureGrants = catalog.futureGrants.filter(
      (other) =>
        !(
          other.containerId === containerId &&
          other.role === grantee.name &&
          other.kind === on.kind &&
          other.privilege === privilege
        ),
    )
    if (kind === 'grant') catalog.futureGrants.push({ privilege, kind: on.kind, containerId, role: grantee.name })
  }
}

function containerOf(session: SessionState, on: GrantTarget): Database | Schema {
  const parts = on.name?.parts ?? []
  return on.container === 'DATABASE' ? findDatabase(session, parts[0]) : findSchema(session, parts).schema
}

function targetsOf(session: SessionState, on: GrantTarget): readonly Target[] {
  if (on.scope === 'ALL') {
    const container = containerOf(session, on)
    if (on.kind === 'SCHEMA' && container.kind === 'DATABASE') return [...container.schemas.values()]
    const schemas = container.kind === 'DATABASE' ? [...container.schemas.values()] : [container]
    return schemas.flatMap((schema) => [...schema.objects.values()].filter(({ kind }) => kind === on.kind))
  }
  return [targetOf(session, on)]
}

function targetOf(session: SessionState, { kind, name }: GrantTarget): Target {
  const { catalog } = session.engine
  const parts = name?.parts ?? []
  switch (kind) {
    case 'ACCOUNT':
      return { id: 0, kind, name: 'ACCOUNT', owner: 'ACCOUNTADMIN' }
    case 'DATABASE':
      return findDatabase(session, parts[0])
    case 'SCHEMA':
      return findSchema(session, parts).schema
    case 'WAREHOUSE':
    case 'ROLE':
    case 'USER':
    case 'RESOURCE MONITOR': {
      const found = catalog.accountObject(kind, parts[0] ?? '')
      if (found === undefined) throw unknownObject(kind.charAt(0) + kind.slice(1).toLowerCase(), showName(parts))
      return found
    }
    default: {
      const isRelation = kind.endsWith('TABLE') || kind.endsWith('VIEW')
      const found = objectAt(
        session,
        placeOf(session, name ?? { parts, at: 0 }),
        isRelation ? 'TABLE' : (kind as SchemaObject['kind']),
      )
      if (found === undefined)
        throw compilationError('002003', '02000', `Object '${showName(parts)}' does not exist or not authorized.`)
      return found
    }
  }
}
