import type { DuckDBConnection } from '@duckdb/node-api'
import { registerNativeFunction } from './native-function.ts'
import { nativeJsonFunctions } from './native-json.ts'
import { nativeNumberFunctions } from './native-number.ts'
import { nativeTextFunctions } from './native-text.ts'
import { nativeTimeFunctions } from './native-time.ts'
import { regularExpressionFunctions } from './regular-expression.ts'

/** Gives an instance of DuckDB what the rules' SQL calls; once, by any of its connections. */
export function installFunctions(connection: DuckDBConnection): void {
  const all = [
    ...nativeJsonFunctions,
    ...nativeNumberFunctions,
    ...nativeTextFunctions,
    ...nativeTimeFunctions,
    ...regularExpressionFunctions,
  ]
  for (const definition of all) registerNativeFunction(connection, definition)
}
