/*
 * Runs tests written for dbt-snowflake (its tests/functional, with the classes of dbt-tests-adapter) on the endpoint: by
 * dbt, which judges the endpoint, or with our command in its place, which both are judged by then.
 *
 *   node packages/snowflake-local/interop/dbt-tests.ts dbt|eclusa <python> <folder or file> [arguments of pytest]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { startSnowflakeLocal } from '../src/index.ts'
import { connect, disconnect, execute } from '../testing/driver.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const [by, python = 'python3', place = '.', ...args] = process.argv.slice(2)

/** What the tests name and take for granted in an account. */
const setup = [
  'CREATE DATABASE DBT_TEST',
  'CREATE DATABASE DBT_ALT',
  'CREATE DATABASE "2DBT"',
  ...['DBT_TESTING', 'DBT_TESTING_ALT', 'MY_WH', 'MY_LARGE_WH'].map((name) => `CREATE WAREHOUSE ${name}`),
  ...[1, 2, 3].map((number) => `CREATE ROLE DBT_TEST_${number}`),
]

await using server = await startSnowflakeLocal()
const { username, password = '' } = server.connectionOptions
const connection = await connect(server.connectionOptions)
for (const statement of setup) await execute(connection, statement)
await disconnect(connection)

const folder = path.resolve(place).split(`${path.sep}tests${path.sep}`)[0] ?? '.'
const plugin = by === 'eclusa' ? ['-p', 'eclusa_as_dbt'] : []
const pytest = spawn(
  python,
  // Without the options that the repository of the tests has for its own machines.
  ['-m', 'pytest', '-q', '-o', 'addopts=', '-W', 'ignore', '--tb=short', ...plugin, path.resolve(place), ...args],
  {
    cwd: folder,
    stdio: 'inherit',
    env: {
      ...process.env,
      NO_PROXY: '127.0.0.1',
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
      SNOWFLAKE_TEST_ACCOUNT: server.account,
      SNOWFLAKE_TEST_HOST: server.host,
      SNOWFLAKE_TEST_PORT: String(server.port),
      SNOWFLAKE_TEST_PROTOCOL: 'http',
      SNOWFLAKE_TEST_USER: username,
      SNOWFLAKE_TEST_PASSWORD: password,
      SNOWFLAKE_TEST_DATABASE: 'DBT_TEST',
      SNOWFLAKE_TEST_ALT_DATABASE: 'DBT_ALT',
      SNOWFLAKE_TEST_QUOTED_DATABASE: '2DBT',
      SNOWFLAKE_TEST_WAREHOUSE: 'DBT_TESTING',
      SNOWFLAKE_TEST_ALT_WAREHOUSE: 'DBT_TESTING_ALT',
      DBT_TEST_USER_1: 'DBT_TEST_1',
      DBT_TEST_USER_2: 'DBT_TEST_2',
      DBT_TEST_USER_3: 'DBT_TEST_3',
      ECLUSA_TRANSFORM: `'${process.execPath}' '${path.join(root, 'runners/transform/src/main.ts')}'`,
      PYTHONPATH: [path.join(root, 'packages/transform/interop'), folder].join(path.delimiter),
    },
  },
)
const [status] = (await once(pytest, 'exit')) as [number | null]
process.exitCode = status ?? 1
