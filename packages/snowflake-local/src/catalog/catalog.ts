import type {
  AccountObject,
  Database,
  FutureGrant,
  GrantRecord,
  Role,
  RoleGrant,
  Schema,
  SchemaObject,
  SchemaObjectKind,
} from './catalog-object.ts'

/** The roles that every account has, each with the one it is granted to. */
const systemRoles: readonly (readonly [string, string | undefined])[] = [
  ['ACCOUNTADMIN', undefined],
  ['SECURITYADMIN', 'ACCOUNTADMIN'],
  ['USERADMIN', 'SECURITYADMIN'],
  ['SYSADMIN', 'ACCOUNTADMIN'],
  ['PUBLIC', undefined],
]

/** All that an account has but for what is temporary, which belongs to sessions. */
export class Catalog {
  databases = new Map<string, Database>()
  droppedDatabases: { object: Database; droppedMs: number }[] = []
  /** Warehouses, roles, users and resource monitors by `KIND name`. */
  account = new Map<string, AccountObject>()
  grants: GrantRecord[] = []
  futureGrants: FutureGrant[] = []
  roleGrants: RoleGrant[] = []
  private idLast = 0

  get lastId(): number {
    return this.idLast
  }

  nextId(): number {
    this.idLast += 1
    return this.idLast
  }

  /** What `toDocument` gave, read back. */
  static of(document: string | undefined): Catalog {
    const catalog = new Catalog()
    if (document === undefined) catalog.addSystemRoles()
    else Object.assign(catalog, JSON.parse(document, reviveMap))
    return catalog
  }

  toDocument(): string {
    return JSON.stringify(this, replaceMap)
  }

  private addSystemRoles(): void {
    for (const [name, grantee] of systemRoles) {
      const role: Role = { kind: 'ROLE', id: this.nextId(), name, owner: '', comment: '', createdMs: 0 }
      this.account.set(accountKey('ROLE', name), role)
      if (grantee !== undefined) this.roleGrants.push({ role: name, grantee: { kind: 'ROLE', name: grantee } })
    }
  }

  accountObject<Kind extends AccountObject['kind']>(
    kind: Kind,
    name: string,
  ): (AccountObject & { kind: Kind }) | undefined {
    return this.account.get(accountKey(kind, name)) as (AccountObject & { kind: Kind }) | undefined
  }

  accountObjects<Kind extends AccountObject['kind']>(kind: Kind): readonly (AccountObject & { kind: Kind })[] {
    const objects = [...this.account.values()].filter((object) => object.kind === kind)
    return objects as (AccountObject & { kind: Kind })[]
  }
}

export function accountKey(kind: AccountObject['kind'], name: string): string {
  return `${kind} ${name}`
}

/** Tables and views share their names; other kinds have each their own. */
export function objectKey(kind: SchemaObjectKind, name: string): string {
  return `${kind === 'TABLE' || kind === 'VIEW' ? 'RELATION' : kind} ${name}`
}

export function newSchema(catalog: Catalog, name: string, owner: string, createdMs: number): Schema {
  return {
    kind: 'SCHEMA',
    id: catalog.nextId(),
    name,
    owner,
    comment: '',
    createdMs,
    transient: false,
    objects: new Map<string, SchemaObject>(),
    dropped: [],
  }
}

/** How far the past of a table reaches back that says nothing of it. */
export function retentionDaysOf(database: Database, schema?: Schema): number {
  return schema?.retentionDays ?? database.retentionDays ?? 1
}

/** With a schema PUBLIC, as Snowflake makes it. */
export function newDatabase(catalog: Catalog, name: string, owner: string, createdMs: number): Database {
  const schema = newSchema(catalog, 'PUBLIC', owner, createdMs)
  return {
    kind: 'DATABASE',
    id: catalog.nextId(),
    name,
    owner,
    comment: '',
    createdMs,
    transient: false,
    schemas: new Map([[schema.name, schema]]),
    dropped: [],
  }
}

function replaceMap(_key: string, value: unknown): unknown {
  return value instanceof Map ? { mapEntries: [...value] } : value
}

function reviveMap(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('mapEntries' in value)) return value
  return new Map(value.mapEntries as [unknown, unknown][])
}
