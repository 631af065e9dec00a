import type * as snowflake from 'snowflake-sdk'
import { loadDriver } from '../driver.ts'

export type SnowflakeDriver = Pick<typeof snowflake, 'configure' | 'createConnection'>

/**
 * What the driver (3.3) would do while it is imported and that nobody asked for: it looks for the metadata servers of
 * three clouds, loads a native library, and sends what it finds. Whoever set one of these keeps what they set.
 */
const quietEnvironment = {
  SNOWFLAKE_DISABLE_PLATFORM_DETECTION: 'true',
  SNOWFLAKE_DISABLE_MINICORE: '1',
  SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: '1',
}

let loaded: Promise<SnowflakeDriver> | undefined

/**
 * The driver of Snowflake, made quiet: it logs nothing, to no file and no console (it would print statements).
 *
 * @throws WAREHOUSE_DRIVER_MISSING
 */
export function loadSnowflakeDriver(): Promise<SnowflakeDriver> {
  loaded ??= loadQuietDriver()
  return loaded
}

async function loadQuietDriver(): Promise<SnowflakeDriver> {
  for (const [name, value] of Object.entries(quietEnvironment)) process.env[name] ??= value
  const driver = (await loadDriver('snowflake-sdk', () => import('snowflake-sdk'))).default as SnowflakeDriver
  driver.configure({ logLevel: 'OFF', additionalLogToConsole: false })
  return driver
}
