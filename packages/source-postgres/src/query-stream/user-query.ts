import { EclusaError } from '@eclusa/sdk'
import type { AnyErrorCode } from '@eclusa/sdk'
import type { FieldDef } from 'pg'
import type { SourceColumn } from '../catalog/stream-column.ts'
import { readTypes } from '../catalog/type-catalog.ts'
import type { QueryStreamConfig } from '../config.ts'
import type { Session } from '../connection/session.ts'

/** A query of the configuration that is a stream, and the columns that it returns. */
export interface UserQuery {
  readonly name: string
  /** Stands after FROM: the query in parentheses. */
  readonly fromSql: string
  readonly columns: readonly SourceColumn[]
  readonly primaryKey: readonly string[]
  readonly cursor: string | undefined
}

/**
 * Asks the server what a query returns, without running it. The query is put into a subquery, where PostgreSQL permits
 * neither INSERT and the like nor several statements; that it calls no function which writes is left to the read-only
 * transaction.
 *
 * @throws POSTGRES_QUERY_REFUSED when it is no single SELECT, two columns have one name, or primary_key or cursor is no
 *   column. POSTGRES_TABLE_MISSING, POSTGRES_PRIVILEGE_MISSING, POSTGRES_ROWS_HIDDEN for what it reads from.
 */
export async function describeQuery(session: Session, name: string, config: QueryStreamConfig): Promise<UserQuery> {
  const fromSql = subquery(config.sql)
  const fields = await describeFields(session, name, fromSql)
  const columns = await describeColumns(session, fields)
  refuseAmbiguity(name, config, columns)
  return { name, fromSql, columns, primaryKey: config.primary_key, cursor: config.cursor }
}

/** The line break ends a comment that the query may end with. */
function subquery(sql: string): string {
  return `(\n${sql.trim().replace(/;$/u, '')}\n)`
}

async function describeFields(session: Session, name: string, fromSql: string): Promise<FieldDef[]> {
  const attempt = { doing: `describing the query "${name}"`, stream: name }
  try {
    return await session.use(attempt, async (client) => {
      // The extended protocol takes one statement only, whatever the text contains.
      const query = { text: `SELECT * FROM ${fromSql} AS "q" LIMIT 0`, queryMode: 'extended' }
      return (await client.query(query)).fields
    })
  } catch (error) {
    throw asRefusal(error, name)
  }
}

const refusable: ReadonlySet<AnyErrorCode> = new Set([
  'POSTGRES_STATEMENT_FAILED',
  'POSTGRES_TABLE_CHANGED',
  'POSTGRES_TABLE_MISSING',
])

/** Parameters, syntax errors, unsupported constructions and attempts to write are faults of the query; the rest stays as it is. */
function asRefusal(error: unknown, name: string): unknown {
  if (!EclusaError.isInstance(error) || !refusable.has(error.code)) return error
  const state = String(error.details['sqlState'])
  if (state === '42P01' || state === '3F000' || !['08', '0A', '25', '42'].includes(state.slice(0, 2))) return error
  const { message, details, cause } = error
  return new EclusaError('POSTGRES_QUERY_REFUSED', { message, details: { ...details, stream: name }, cause })
}

async function describeColumns(session: Session, fields: readonly FieldDef[]): Promise<SourceColumn[]> {
  const types = await readTypes(session, new Set(fields.map(({ dataTypeID }) => dataTypeID)))
  const rows = await session.query<{ formatted: string }>(
    `SELECT format_type(oid, typmod) AS formatted
       FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS f (oid, typmod, position) ORDER BY position`,
    {
      attempt: { doing: 'reading the types of columns' },
      parameters: [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)],
    },
  )
  return fields.map(({ name, dataTypeID, dataTypeModifier }, index) => ({
    name,
    type: types.describe({ oid: dataTypeID, typmod: dataTypeModifier, formatted: rows[index]?.formatted ?? '' }),
    // A query result does not tell how many dimensions its arrays have.
    dimensions: 1,
    nullable: true,
    isReadable: true,
    // The result does not tell its collations; none is assumed to be exact.
    isDeterministic: false,
  }))
}

function refuseAmbiguity(name: string, config: QueryStreamConfig, columns: readonly SourceColumn[]): void {
  const names = columns.map((column) => column.name)
  const refuse = (message: string) => {
    throw new EclusaError('POSTGRES_QUERY_REFUSED', {
      message: `The query "${name}" ${message}.`,
      details: { stream: name },
    })
  }
  const repeated = names.find((column, index) => names.indexOf(column) !== index)
  if (repeated !== undefined) refuse(`returns two columns named "${repeated}": give one of them another name with AS`)
  const wanted = [...config.primary_key, ...(config.cursor === undefined ? [] : [config.cursor])]
  const missing = wanted.find((column) => !names.includes(column))
  if (missing !== undefined) refuse(`does not return the column "${missing}" of its primary_key or cursor`)
}
