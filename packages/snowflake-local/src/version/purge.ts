import type { Schema, SchemaObject, Table } from '../catalog/catalog-object.ts'
import type { SessionState } from '../engine/session-state.ts'
import { quoteName } from '../translate/sql-text.ts'
import { historyName } from './row-history.ts'

/** So many of the objects that were dropped or replaced under one name can be brought back. */
const keptByName = 2

interface Dropped<Item> {
  readonly object: Item
  readonly droppedMs: number
}

/**
 * Gives back the room of what nobody can bring back any more: without it each build of a table that replaces itself
 * would leave a copy behind. What another session is still reading is left for the next time.
 */
export async function purgeDropped(session: SessionState): Promise<void> {
  const { catalog } = session.engine
  const gone: Table[] = []
  const databases = split(catalog.droppedDatabases)
  catalog.droppedDatabases = databases.kept
  gone.push(...databases.purged.flatMap(({ object }) => [...object.schemas.values()].flatMap(tablesOf)))
  for (const database of catalog.databases.values()) {
    const schemas = split(database.dropped)
    database.dropped = schemas.kept
    gone.push(...schemas.purged.flatMap(({ object }) => tablesOf(object)))
    for (const schema of database.schemas.values()) {
      const objects = split(schema.dropped)
      schema.dropped = objects.kept
      gone.push(...objects.purged.flatMap(({ object }) => (object.kind === 'TABLE' ? [object] : [])))
    }
  }
  for (const table of gone) await dropRows(session, table)
}

function split<Item extends { readonly name: string; readonly kind: string }>(
  dropped: readonly Dropped<Item>[],
): { readonly kept: Dropped<Item>[]; readonly purged: readonly Dropped<Item>[] } {
  const counts = new Map<string, number>()
  const kept: Dropped<Item>[] = []
  const purged: Dropped<Item>[] = []
  for (const entry of dropped.toReversed()) {
    const key = `${entry.object.kind} ${entry.object.name}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    if (count <= keptByName) kept.unshift(entry)
    else purged.push(entry)
  }
  return { kept, purged }
}

function tablesOf({ objects, dropped }: Schema): readonly Table[] {
  const all: readonly SchemaObject[] = [...objects.values(), ...dropped.map(({ object }) => object)]
  return all.flatMap((object) => (object.kind === 'TABLE' ? [object] : []))
}

async function dropRows({ connection }: SessionState, table: Table): Promise<void> {
  for (const name of [quoteName(table.physical), historyName(table)]) {
    await connection.run(`DROP TABLE IF EXISTS ${name}`).catch(() => undefined)
  }
}
