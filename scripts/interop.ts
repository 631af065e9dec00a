/*
 * pnpm interop: comparisons with programs that need Python, which neither the product nor its tests do. What cannot be
 * compared here is skipped, and said to be.
 *
 *   ECLUSA_DBT            the executable of dbt, with dbt-duckdb (and dbt-postgres) beside it: our own projects are run by
 *                         both sides, and what both left is compared. The Python of its environment has Jinja2.
 *   ECLUSA_DBT_PROJECTS   folders of further projects with their packages, separated by colons
 *   ECLUSA_DBT_POSTGRES   a server's URL: the projects are run on PostgreSQL too
 *   ECLUSA_DBT_TESTS      folders or files of tests written for dbt's adapters (those of dbt-postgres and dbt-duckdb),
 *                         separated by colons: run with our command in the place of dbt. Beside dbt there have to be
 *                         pytest and dbt-tests-adapter; what the tests themselves need is in their repositories.
 *   ECLUSA_SNOWFLAKE_PYTHON
 *                         interpreters, separated by colons, that have pytest and snowflake-connector-python, and
 *                         snowflake-sqlalchemy, Snowpark, pandas where those are to judge snowflake-local as well
 *   ECLUSA_SNOWFLAKE_DBT  an interpreter with dbt-snowflake, dbt-tests-adapter and pytest
 *   ECLUSA_SNOWFLAKE_DBT_TESTS
 *                         folders or files of dbt-snowflake's tests/functional, separated by colons: run by dbt on
 *                         snowflake-local, and then with our command in the place of dbt
 *   SNOWFLAKE_ACCOUNT     an account, with SNOWFLAKE_USER, SNOWFLAKE_PRIVATE_KEY_PATH (or SNOWFLAKE_TOKEN, SNOWFLAKE_PASSWORD),
 *                         SNOWFLAKE_WAREHOUSE and SNOWFLAKE_DATABASE: values of every type go there through file, stage and
 *                         COPY, in a schema that is dropped at the end, and are compared with what comes back
 *   ECLUSA_PYTHON         an interpreter with jinja2, where it is not that of ECLUSA_DBT (default: python3)
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const dbt = process.env['ECLUSA_DBT']
const postgres = process.env['ECLUSA_DBT_POSTGRES']
/** Projects that were written for these comparisons, and run on both warehouses. */
const ownProjects = ['shop', 'outcomes'].map((name) => path.join(root, 'packages/transform/fixtures', name))
const otherProjects = listed('ECLUSA_DBT_PROJECTS')

const adapterTests = listed('ECLUSA_DBT_TESTS')
const snowflakePythons = listed('ECLUSA_SNOWFLAKE_PYTHON')
const snowflakeDbt = process.env['ECLUSA_SNOWFLAKE_DBT']
const snowflakeTests = listed('ECLUSA_SNOWFLAKE_DBT_TESTS')

function listed(variable: string): readonly string[] {
  return (process.env[variable] ?? '').split(':').filter((place) => place !== '')
}

const compared: string[] = []
const skipped: string[] = []
const differing: string[] = []

function compare(name: string, args: readonly string[]): void {
  console.log(`— ${name}`)
  const { status } = spawnSync(process.execPath, [...args], { cwd: root, stdio: 'inherit' })
  compared.push(name)
  if (status !== 0) differing.push(name)
}

function skip(name: string, reason: string): void {
  console.log(`— ${name}\n  skipped: ${reason}`)
  skipped.push(name)
}

/** Above the folder `tests`, from which the modules of such suites import one another. */
function rootOfTests(place: string): string {
  const parts = path.resolve(place).split(path.sep)
  const index = parts.indexOf('tests')
  return index < 0 ? path.dirname(path.resolve(place)) : parts.slice(0, index).join(path.sep)
}

/** The interpreter that dbt runs in has Jinja2. */
function pythonOf(executable: string | undefined): string {
  const beside = executable === undefined ? undefined : path.join(path.dirname(executable), 'python')
  return process.env['ECLUSA_PYTHON'] ?? (beside !== undefined && existsSync(beside) ? beside : 'python3')
}

const python = pythonOf(dbt)
const templates = 'Jinja2: the written cases and 2,000 random templates'
if (spawnSync(python, ['-c', 'import jinja2'], { stdio: 'ignore' }).status === 0)
  compare(templates, ['packages/transform/interop/jinja-oracle.ts', python])
else skip(templates, `${python} cannot import jinja2 (ECLUSA_DBT or ECLUSA_PYTHON names another)`)

for (const project of [...ownProjects, ...otherProjects]) {
  const name = path.basename(project)
  const targets = [['duckdb'], ...(postgres === undefined ? [] : [['postgres', '--postgres', postgres]])]
  for (const target of targets) {
    const title = `dbt project ${name} on ${target[0]}`
    if (dbt === undefined) skip(title, 'ECLUSA_DBT names no dbt')
    else
      compare(title, [
        'packages/transform/interop/projects.ts',
        '--dbt',
        dbt,
        '--project',
        project,
        '--target',
        ...target,
      ])
  }
  if (postgres === undefined && dbt !== undefined)
    skip(`dbt project ${name} on postgres`, 'ECLUSA_DBT_POSTGRES names no server')
}

for (const place of adapterTests) {
  const title = `tests of a dbt adapter, ${place}`
  console.log(`— ${title}`)
  const folder = rootOfTests(place)
  const { status } = spawnSync(
    python,
    ['-m', 'pytest', '-q', '-W', 'ignore', '--tb=short', '-p', 'eclusa_as_dbt', path.resolve(place)],
    {
      cwd: folder,
      stdio: 'inherit',
      env: {
        ...process.env,
        ECLUSA_TRANSFORM: `'${process.execPath}' '${path.join(root, 'runners/transform/src/main.ts')}'`,
        PYTHONPATH: [path.join(root, 'packages/transform/interop'), folder].join(path.delimiter),
      },
    },
  )
  compared.push(title)
  if (status !== 0) differing.push(title)
}

for (const interpreter of snowflakePythons)
  compare(`snowflake-local by clients of ${interpreter}`, ['packages/snowflake-local/interop/clients.ts', interpreter])
if (snowflakePythons.length === 0) skip('snowflake-local by clients', 'ECLUSA_SNOWFLAKE_PYTHON names no interpreter')

for (const by of ['dbt', 'eclusa']) {
  const title = `tests of dbt-snowflake by ${by} on snowflake-local`
  if (snowflakeDbt === undefined || snowflakeTests.length === 0)
    skip(title, 'ECLUSA_SNOWFLAKE_DBT or ECLUSA_SNOWFLAKE_DBT_TESTS is not set')
  else
    for (const place of snowflakeTests)
      compare(`${title}, ${place}`, ['packages/snowflake-local/interop/dbt-tests.ts', by, snowflakeDbt, place])
}

const account = 'values of every type in an account of Snowflake'
const lacking = ['SNOWFLAKE_ACCOUNT', 'SNOWFLAKE_USER', 'SNOWFLAKE_WAREHOUSE', 'SNOWFLAKE_DATABASE'].filter(
  (name) => process.env[name] === undefined,
)
if (lacking.length > 0) skip(account, `${lacking.join(', ')} ${lacking.length === 1 ? 'is' : 'are'} not set`)
else {
  console.log(`— ${account}`)
  const tests = 'packages/destination-snowflake/src/accept/accept-batch.test.ts'
  const env = { ...process.env, ECLUSA_TEST_ACCOUNT: '1' }
  const { status } = spawnSync('vitest', ['run', tests, '--testTimeout', '600000'], {
    cwd: root,
    stdio: 'inherit',
    env,
  })
  compared.push(account)
  if (status !== 0) differing.push(account)
}

console.log(`${compared.length} compared, ${differing.length} with differences, ${skipped.length} skipped`)
for (const name of differing) console.log(`  differs: ${name}`)
process.exitCode = differing.length === 0 ? 0 : 1
