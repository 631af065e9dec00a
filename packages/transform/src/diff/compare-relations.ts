import type { ResultColumn, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { EclusaError } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import { compareColumns } from './column-pairs.ts'
import type { ColumnDifference, ColumnPair } from './column-pairs.ts'
import type { ModelDifference, RowDifference } from './model-difference.ts'
import { SqlDifference } from './sql-difference.ts'
import { RepeatedKey, streamedDifference } from './streamed-difference.ts'

/** A relation, or a temporary table of the connection. */
export interface ComparedRelation {
  readonly warehouse: Warehouse
  readonly connection: WarehouseConnection
  readonly dialect: Dialect
  /** As it stands behind FROM. */
  readonly from: string
}

export interface CompareOptions {
  /** Of one connection when they are in one database. */
  readonly before: ComparedRelation
  readonly after: ComparedRelation
  /** Columns by which rows are found again. */
  readonly key: readonly string[]
  /** Whether the key was asked for: then it must be there. */
  readonly isKeyGiven: boolean
  /** Rows to show at most. */
  readonly limit: number
  readonly signal: AbortSignal
}

/**
 * How the rows and columns of two relations differ. Within one database the warehouse compares them; rows of two
 * databases are read in one order and merged, so that neither is ever held.
 *
 * @throws COMMAND_INVALID for a key that is not there, or that two kinds of warehouses spell differently.
 */
export async function compareRelations(options: CompareOptions): Promise<ModelDifference> {
  const { before, after, signal } = options
  const columnsOf = async ({ connection, from }: ComparedRelation): Promise<readonly ResultColumn[]> =>
    (await connection.query(`select * from ${from} limit 0`, { signal })).columns
  const columns = compareColumns(await columnsOf(before), await columnsOf(after), {
    isOneWarehouse: before.dialect.type === after.dialect.type,
    ignoresCase: [before, after].some(({ dialect }) => !seesCase(dialect)),
  })
  const key = keyPairs(options, columns)
  if (columns.pairs.length === 0) return await withoutCommonColumns(options, columns)
  const difference = await (before.connection === after.connection
    ? compareInSql(options, columns, key)
    : compareStreams(options, columns, key))
  return { columns, ...difference }
}

/** Snowflake does, but models are written without quotes there: a seed with `quote_columns` has other names for the same. */
function seesCase({ type, identifiersAreCaseSensitive }: Dialect): boolean {
  return identifiersAreCaseSensitive && type !== 'snowflake'
}

/** No row of one side is a row of the other. */
async function withoutCommonColumns(
  { before, after, signal }: CompareOptions,
  columns: ColumnDifference,
): Promise<ModelDifference> {
  const count = async ({ connection, from }: ComparedRelation) =>
    Number((await connection.query(`select count(*) from ${from}`, { signal })).rows[0]?.[0])
  const [removed, added] = [await count(before), await count(after)]
  const rows = { before: removed, after: added, added, removed, changed: 0, changedColumns: {}, sample: [] }
  return { columns, key: [], note: 'no column is on both sides', rows }
}

type Compared = Omit<ModelDifference, 'columns'>

async function compareInSql(
  { before, after, limit, signal }: CompareOptions,
  { pairs }: ColumnDifference,
  key: readonly ColumnPair[],
): Promise<Compared> {
  const { connection, dialect } = after
  const sql = new SqlDifference({
    connection,
    dialect,
    before: before.from,
    after: after.from,
    pairs,
    key,
    limit,
    signal,
  })
  const fault = key.length === 0 ? undefined : await sql.faultOfKey()
  if (key.length > 0 && fault === undefined) return keyed(key, await sql.byKey())
  return whole(key, fault, await sql.byRow())
}

async function compareStreams(
  { before, after, limit, signal }: CompareOptions,
  { pairs }: ColumnDifference,
  key: readonly ColumnPair[],
): Promise<Compared> {
  if ([before, after].some(({ dialect }) => dialect.type === 'snowflake')) {
    throw new EclusaError('COMMAND_INVALID', {
      message: 'Relations of Snowflake can be compared within one account only, by one role.',
      remedy: 'Copy one of them beside the other, then use --against-schema.',
    })
  }
  const streamed = async (by: readonly ColumnPair[]) =>
    await streamedDifference({ before, after, pairs, key: by, limit, signal })
  if (key.length === 0) return whole(key, undefined, await streamed([]))
  try {
    return keyed(key, await streamed(key))
  } catch (error) {
    if (!(error instanceof RepeatedKey)) throw error
    return whole(key, `repeats ${error.message}`, await streamed([]))
  }
}

function keyed(key: readonly ColumnPair[], rows: RowDifference): Compared {
  return { key: key.map(({ name }) => name), note: undefined, rows }
}

function whole(key: readonly ColumnPair[], fault: string | undefined, rows: RowDifference): Compared {
  const names = key.map(({ name }) => name).join(', ')
  const note = fault === undefined ? 'it has no key that tells which rows are one' : `its key (${names}) ${fault}`
  return { key: [], note, rows }
}

/** Without the columns of a key that one side lacks the key is none, unless it was asked for. */
function keyPairs({ key, isKeyGiven }: CompareOptions, { pairs }: ColumnDifference): ColumnPair[] {
  const found = key.map((name) => pairs.find((pair) => pair.name.toLowerCase() === name.toLowerCase()))
  const missing = key.filter((_, index) => found[index] === undefined)
  if (missing.length === 0) return found.filter((pair) => pair !== undefined)
  if (!isKeyGiven) return []
  throw new EclusaError('COMMAND_INVALID', {
    message: `--key names ${missing.join(', ')}, which are not columns of both sides.`,
    remedy: `Columns of both are ${pairs.map(({ name }) => name).join(', ')}.`,
  })
}
