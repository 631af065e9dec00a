import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBScalarFunction,
  LIST,
  VARCHAR,
} from '@duckdb/node-api'
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'

/*
 * Functions of Snowflake that DuckDB has no exact counterpart of (formats, regular expressions, semi-structured values)
 * run as JavaScript inside DuckDB. They are registered once for an instance and are seen by every connection; their
 * names begin with `sf_`, which no name of a rule's SQL does otherwise.
 */

const types = {
  text: VARCHAR,
  integer: BIGINT,
  float: DOUBLE,
  boolean: BOOLEAN,
  binary: BLOB,
  texts: LIST(VARCHAR),
} as const

export type NativeType = keyof typeof types
export type NativeScalar = string | bigint | number | boolean | Uint8Array | null
export type NativeValue = NativeScalar | readonly (string | null)[]

export interface NativeFunction {
  readonly name: string
  readonly parameters: readonly NativeType[]
  readonly returns: NativeType
  /** Called with NULLs too; without it a NULL argument gives NULL. */
  readonly nulls?: true
  /** Called once for each row, also where all arguments are the same. */
  readonly volatile?: true
  readonly compute: (...values: never[]) => NativeScalar
}

/** Tells a failure in a way that survives DuckDB's wrapping of the message; `execution-error.ts` reads it again. */
export function nativeError(code: string, sqlState: string, message: string): Error {
  return new Error(`SF${code}:${sqlState}:${message}`)
}

export function registerNativeFunction(connection: DuckDBConnection, definition: NativeFunction): void {
  const compute = definition.compute as (...values: readonly NativeValue[]) => NativeScalar
  const nulls = definition.nulls === true
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: definition.name,
      parameterTypes: definition.parameters.map((type): DuckDBType => types[type]),
      returnType: types[definition.returns],
      specialHandling: true,
      volatile: definition.volatile === true,
      mainFunction: (_info, chunk, output) => {
        const columns = definition.parameters.map((_, index) => chunk.getColumnVector(index))
        for (let row = 0; row < chunk.rowCount; row += 1) {
          const values = columns.map((column): NativeValue => plainValue(column.getItem(row)))
          const isNull = !nulls && values.includes(null)
          output.setItem(row, isNull ? null : duckdbValue(compute(...values)))
        }
        output.flush()
      },
    }),
  )
}

function plainValue(value: unknown): NativeValue {
  if (value instanceof DuckDBListValue) return value.items as readonly (string | null)[]
  return value instanceof DuckDBBlobValue ? value.bytes : (value as NativeScalar)
}

function duckdbValue(value: NativeScalar): DuckDBValue {
  return value instanceof Uint8Array ? new DuckDBBlobValue(value) : value
}
