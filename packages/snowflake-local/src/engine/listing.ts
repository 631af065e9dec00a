import { integer, text, timestamp } from '../catalog/sql-type.ts'
import type { OutputColumn } from '../translate/translator.ts'
import type { Database, Schema } from '../catalog/catalog-object.ts'
import type { Show } from '../parse/ast-statement.ts'
import { findDatabase, findSchema } from './resolve.ts'
import { SqlError } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import type { ResultRow } from './statement.ts'

/** Columns in order, each with its value of an object. */
export interface Listing {
  readonly columns: readonly OutputColumn[]
  readonly rows: readonly ResultRow[]
}

/** Rows by the names of their columns, which all rows have alike. */
export function listing(rows: readonly Readonly<Record<string, string | null>>[], columns: readonly string[]): Listing {
  return {
    columns: columns.map((name) => ({ name, type: typeOfShown(name), nullable: true })),
    rows: rows.map((row) => columns.map((name) => row[name] ?? null)),
  }
}

export interface Within {
  readonly database: Database
  readonly schema: Schema
}

/** The schemas that IN names; without it those of the session, or the whole account. */
export function schemasIn(session: SessionState, { in: within }: Show): readonly Within[] {
  const { catalog } = session.engine
  const of = (database: Database): readonly Within[] =>
    [...database.schemas.values()].map((schema) => ({ database, schema }))
  const all = (): readonly Within[] => [...catalog.databases.values()].flatMap(of)
  if (within?.kind === 'ACCOUNT') return all()
  if (within?.kind === 'DATABASE') return of(existing(() => findDatabase(session, within.name?.parts[0])))
  if (within !== undefined) return [existing(() => findSchema(session, within.name?.parts ?? []))]
  if (session.database === undefined) return all()
  if (session.schema === undefined) return of(findDatabase(session, undefined))
  return [findSchema(session, [])]
}

/** SHOW and USE tell a missing container by another number. */
export function existing<Found>(find: () => Found): Found {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== '002003') throw error
    throw new SqlError({
      code: '002043',
      sqlState: '02000',
      message: 'SQL compilation error:\nObject does not exist, or operation cannot be performed.',
      cause: error,
    })
  }
}

const numbers = new Set(['rows', 'bytes', 'interval', 'next_value', 'auto_suspend', 'auto_resume_count'])
const times = new Set(['created_on', 'dropped_on', 'updated_on', 'resumed_on'])

function typeOfShown(name: string): OutputColumn['type'] {
  if (times.has(name)) return timestamp('TIMESTAMP_LTZ', 3)
  return numbers.has(name) ? integer : text()
}
