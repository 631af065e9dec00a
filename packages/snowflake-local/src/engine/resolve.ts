import { objectKey } from '../catalog/catalog.ts'
import type { Database, Relation, Schema, SchemaObject, SchemaObjectKind, Table } from '../catalog/catalog-object.ts'
import { hasPrivilege, isVisible, mayUse } from '../catalog/privilege.ts'
import type { ObjectName } from '../parse/ast-expression.ts'
import { SqlError, compilationError, insufficientPrivileges, unknownObject } from './sql-error.ts'
import { temporaryKey } from './session-state.ts'
import type { SessionState } from './session-state.ts'

/** A schema with its database, and a name in it. */
export interface Place {
  readonly database: Database
  readonly schema: Schema
  readonly name: string
}

export function showName(parts: readonly string[]): string {
  return parts.map((part) => (/^[A-Z_][A-Z0-9_$]*$/u.test(part) ? part : `"${part}"`)).join('.')
}

/** In full, as messages name objects. */
export function fullName({ database, schema, name }: Place): string {
  return showName([database.name, schema.name, name])
}

export function findDatabase(session: SessionState, name: string | undefined): Database {
  const wanted = name ?? session.database
  if (wanted === undefined) {
    throw new SqlError({
      code: '090105',
      sqlState: '22000',
      message:
        "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
    })
  }
  const { catalog } = session.engine
  const database = catalog.databases.get(wanted)
  if (database === undefined || !mayUse(catalog, session.role, database)) {
    throw compilationError('002003', '02000', `Database '${showName([wanted])}' does not exist or not authorized.`)
  }
  return database
}

export function findSchema(session: SessionState, parts: readonly string[]): { database: Database; schema: Schema } {
  const database = findDatabase(session, parts.at(-2))
  const wanted = parts.at(-1) ?? session.schema
  if (wanted === undefined) {
    throw new SqlError({
      code: '090106',
      sqlState: '22000',
      message:
        "Cannot perform operation. This session does not have a current schema. Call 'USE SCHEMA', or use a qualified name.",
    })
  }
  const schema = database.schemas.get(wanted)
  if (schema === undefined || !mayUse(session.engine.catalog, session.role, schema)) {
    throw compilationError(
      '002003',
      '02000',
      `Schema '${showName([database.name, wanted])}' does not exist or not authorized.`,
    )
  }
  return { database, schema }
}

export function placeOf(session: SessionState, { parts }: ObjectName): Place {
  return { ...findSchema(session, parts.slice(0, -1)), name: parts.at(-1) ?? '' }
}

/** The object of a kind at a place, the session's temporary one first. */
export function objectAt(
  session: SessionState,
  { schema, name }: Place,
  kind: SchemaObjectKind,
): SchemaObject | undefined {
  const key = objectKey(kind, name)
  return session.temporary.get(temporaryKey(schema.id, key)) ?? schema.objects.get(key)
}

const kindWords: Readonly<Record<SchemaObjectKind, string>> = {
  TABLE: 'Table',
  VIEW: 'View',
  SEQUENCE: 'Sequence',
  STAGE: 'Stage',
  'FILE FORMAT': 'File format',
  STREAM: 'Stream',
  TASK: 'Task',
  ALERT: 'Alert',
  PROCEDURE: 'Procedure',
}

export function findObject<Kind extends SchemaObjectKind>(
  session: SessionState,
  name: ObjectName,
  kind: Kind,
): Place & { readonly object: SchemaObject & { kind: Kind } } {
  const place = placeOf(session, name)
  const object = objectAt(session, place, kind)
  if (object?.kind !== kind || !isVisible(session.engine.catalog, session.role, object)) {
    throw unknownObject(kindWords[kind], showName(name.parts))
  }
  return { ...place, object: object as SchemaObject & { kind: Kind } }
}

/** A table or view, on which the role has one of the privileges. */
export function findRelationObject(
  session: SessionState,
  name: ObjectName,
  privileges: readonly string[],
): Place & { readonly object: Relation } {
  const place = placeOf(session, name)
  const object = objectAt(session, place, 'TABLE')
  const { catalog } = session.engine
  if ((object?.kind !== 'TABLE' && object?.kind !== 'VIEW') || !isVisible(catalog, session.role, object)) {
    throw unknownObject('Object', showName(name.parts))
  }
  if (!hasPrivilege(catalog, session.role, object, privileges)) {
    throw insufficientPrivileges(object.kind === 'TABLE' ? 'table' : 'view', showName(name.parts.slice(-1)))
  }
  return { ...place, object }
}

export function findTable(
  session: SessionState,
  name: ObjectName,
  privileges: readonly string[],
): Place & { readonly object: Table } {
  const { object, ...place } = findRelationObject(session, name, privileges)
  if (object.kind === 'TABLE') return { ...place, object }
  throw compilationError('002037', '42601', `Object '${showName(name.parts)}' is a view, and a table is needed here.`)
}

export function requirePrivilege(
  session: SessionState,
  object: { id: number; owner: string; name: string; kind: string },
  privilege: string,
): void {
  if (hasPrivilege(session.engine.catalog, session.role, object, [privilege])) return
  throw insufficientPrivileges(object.kind.toLowerCase(), showName([object.name]))
}
