import { accountKey, objectKey } from '../catalog/catalog.ts'
import type { AccountObject, SchemaObjectKind } from '../catalog/catalog-object.ts'
import type { Drop, ObjectKind, Undrop } from '../parse/ast-ddl.ts'
import { discard } from './execute-table.ts'
import { findDatabase, findSchema, objectAt, placeOf, requirePrivilege, showName } from './resolve.ts'
import { SqlError, compilationError, existingObject, unknownObject } from './sql-error.ts'
import type { SessionState } from './session-state.ts'

const accountKinds = new Set<ObjectKind>(['WAREHOUSE', 'ROLE', 'USER', 'RESOURCE MONITOR'])

export function drop(session: SessionState, statement: Drop): string {
  const { object, name, ifExists } = statement
  try {
    if (object === 'DATABASE') dropDatabase(session, statement)
    else if (object === 'SCHEMA') dropSchema(session, statement)
    else if (accountKinds.has(object)) dropAccountObject(session, statement)
    else dropSchemaObject(session, statement)
  } catch (error) {
    if (ifExists && error instanceof SqlError && (error.code === '002003' || error.code === '002043')) {
      return `Drop statement executed successfully (${showName(name.parts)} already dropped).`
    }
    throw error
  }
  return `${showName(name.parts.slice(-1))} successfully dropped.`
}

function dropDatabase(session: SessionState, { name }: Drop): void {
  const database = findDatabase(session, name.parts[0])
  requirePrivilege(session, database, 'OWNERSHIP')
  session.engine.catalog.databases.delete(database.name)
  session.engine.catalog.droppedDatabases.push({ object: database, droppedMs: Date.now() })
  if (session.database === database.name) [session.database, session.schema] = [undefined, undefined]
}

function dropSchema(session: SessionState, { name }: Drop): void {
  const { database, schema } = findSchema(session, name.parts)
  requirePrivilege(session, schema, 'OWNERSHIP')
  database.schemas.delete(schema.name)
  database.dropped.push({ object: schema, droppedMs: Date.now() })
  if (session.database === database.name && session.schema === schema.name) session.schema = undefined
}

function dropAccountObject(session: SessionState, { object, name }: Drop): void {
  const { catalog } = session.engine
  const kind = object as AccountObject['kind']
  const found = catalog.accountObject(kind, name.parts[0] ?? '')
  if (found === undefined) throw unknownObject(sentence(object), showName(name.parts))
  requirePrivilege(session, found, 'OWNERSHIP')
  catalog.account.delete(accountKey(kind, found.name))
}

function sentence(kind: string): string {
  return kind.charAt(0) + kind.slice(1).toLowerCase()
}

function dropSchemaObject(session: SessionState, { object, name }: Drop): void {
  const place = placeOf(session, name)
  const isRelation = ['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'DYNAMIC TABLE', 'EXTERNAL TABLE'].includes(object)
  const kind: SchemaObjectKind = isRelation
    ? object.endsWith('VIEW')
      ? 'VIEW'
      : 'TABLE'
    : (object as SchemaObjectKind)
  const found = objectAt(session, place, kind)
  if (found === undefined) throw unknownObject(sentence(object), showName(name.parts))
  if (found.kind !== kind) {
    throw compilationError(
      '001003',
      '42601',
      `Object found is of type '${found.kind}', not specified type '${object}'.`,
    )
  }
  requirePrivilege(session, found, 'OWNERSHIP')
  discard(session, place.schema, found)
}

/** Brings back what was dropped last under the name. */
export function undrop(session: SessionState, { object, name }: Undrop): string {
  const { catalog } = session.engine
  const last = name.parts.at(-1) ?? ''
  if (object === 'DATABASE') {
    restore(catalog.droppedDatabases, catalog.databases, last, last)
  } else if (object === 'SCHEMA') {
    const database = findDatabase(session, name.parts.at(-2))
    restore(database.dropped, database.schemas, last, last)
  } else {
    const { schema } = findSchema(session, name.parts.slice(0, -1))
    restore(schema.dropped, schema.objects, last, objectKey('TABLE', last), 'TABLE')
  }
  return `${sentence(object)} ${last} successfully restored.`
}

function restore<Item extends { readonly name: string; readonly kind: string }>(
  dropped: { object: Item; droppedMs: number }[],
  present: Map<string, Item>,
  name: string,
  key: string,
  kind?: string,
): void {
  const place = dropped.findLastIndex(
    ({ object }) => object.name === name && (kind === undefined || object.kind === kind),
  )
  const found = dropped[place]
  if (found === undefined) {
    throw compilationError('002003', '02000', `Object '${showName([name])}' did not exist or was purged.`)
  }
  if (present.has(key)) throw existingObject(showName([name]))
  dropped.splice(place, 1)
  present.set(key, found.object)
}
