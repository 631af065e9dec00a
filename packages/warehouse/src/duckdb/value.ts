import type * as duckdb from '@duckdb/node-api'
import type { SqlValue } from '@eclusa/sdk'

type Driver = typeof duckdb
type Value = duckdb.DuckDBValue

const int32Max = 2 ** 31
const int64Max = 2n ** 63n
const int128Max = 2n ** 127n

/** What DuckDB is given for a parameter, with the type it shall have. */
export function bindableValue(driver: Driver, value: SqlValue): { value: Value; type: duckdb.DuckDBType } {
  if (value === null) return { value, type: driver.SQLNULL }
  if (typeof value === 'boolean') return { value, type: driver.BOOLEAN }
  if (typeof value === 'string') return { value, type: driver.VARCHAR }
  if (typeof value === 'bigint') return { value, type: integerType(driver, value) }
  if (typeof value === 'number') {
    const isInteger = Number.isInteger(value) && Math.abs(value) < int32Max && !Object.is(value, -0)
    return { value, type: isInteger ? driver.INTEGER : driver.DOUBLE }
  }
  return { value: new driver.DuckDBBlobValue(value), type: driver.BLOB }
}

function integerType(driver: Driver, value: bigint): duckdb.DuckDBType {
  const magnitude = value < 0n ? -value : value
  if (magnitude < int64Max) return driver.BIGINT
  return magnitude < int128Max ? driver.HUGEINT : driver.BIGNUM
}

/** Types whose text only DuckDB itself writes as it should: they nest, and quote what is inside by rules of its own. */
const nestedTypes = new Set(['LIST', 'STRUCT', 'MAP', 'ARRAY', 'UNION'])

function isNested(driver: Driver, type: duckdb.DuckDBType): boolean {
  return nestedTypes.has(driver.DuckDBTypeId[type.typeId])
}

/** The values of a column, by the rules of `SqlValue`. @param connection that is free to convert them */
export async function sqlValuesOf(
  driver: Driver,
  connection: duckdb.DuckDBConnection,
  { type, values }: { readonly type: duckdb.DuckDBType; readonly values: readonly Value[] },
): Promise<readonly SqlValue[]> {
  if (!isNested(driver, type) || values.length === 0) return values.map((value) => sqlValueOf(driver, value))
  const list = new driver.DuckDBListValue([...values])
  const texts = await connection.run('SELECT CAST(unnest($1) AS VARCHAR)', [list], [driver.LIST(type)])
  const [column] = await texts.getColumns()
  return column!.map((value) => sqlValueOf(driver, value))
}

/** A value that is not nested, by the rules of `SqlValue`. */
function sqlValueOf(driver: Driver, value: Value): SqlValue {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof driver.DuckDBBlobValue) return Uint8Array.from(value.bytes)
  // Its own text of the infinite date is a date of the year 5881580 (1.5.6).
  if (value instanceof driver.DuckDBDateValue) return infinityOf(value.days, driver) ?? String(value)
  // Its own text uses the time zone of this process, with whole minutes and one offset for all seasons.
  if (value instanceof driver.DuckDBTimestampTZValue) {
    const utc = new driver.DuckDBTimestampValue(value.micros)
    return utc.isFinite ? `${String(utc)}+00` : String(utc)
  }
  return String(value)
}

function infinityOf(days: number, driver: Driver): string | undefined {
  if (days === driver.DuckDBDateValue.PosInf.days) return 'infinity'
  return days === driver.DuckDBDateValue.NegInf.days ? '-infinity' : undefined
}
