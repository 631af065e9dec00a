/**
 * Runs a dbt project with dbt and with this package, each on a database of its own, and compares what they left.
 *
 *   node packages/transform/interop/projects.ts --dbt <dbt> --project <folder> [--target duckdb|postgres]
 *     [--postgres postgres://user@host:port] [--runs 2] [--command build] [--show 10] [--work <folder>]
 *
 * The project must hold its packages (dbt_packages), because nothing is fetched here. Both sides work on copies. Levels:
 * L1 manifest.json by node and key, L2 compiled SQL byte by byte, L3 relations with types and rows, L4 statuses of
 * run_results.json and the exit code, L5 the same after a further run. Exits with 1 where anything differs.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareCompiled, compareManifests, compareResults } from './compare-artifacts.ts'
import { compareRelations } from './compare-relations.ts'
import type { Server } from './compare-relations.ts'

const { values: options } = parseArgs({
  options: {
    dbt: { type: 'string' },
    project: { type: 'string' },
    target: { type: 'string', default: 'duckdb' },
    postgres: { type: 'string' },
    runs: { type: 'string', default: '2' },
    command: { type: 'string', default: 'build' },
    show: { type: 'string', default: '10' },
    work: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
})

const print = (text: string) => process.stdout.write(`${text}\n`)

interface Side {
  readonly name: 'dbt' | 'ours'
  readonly folder: string
  readonly command: readonly string[]
}

const ourCommand = [process.execPath, fileURLToPath(new URL('../../../runners/transform/src/main.ts', import.meta.url))]

/** Both databases have one name, so that compiled SQL is equal: files in two folders, or one renamed after its run. */
const databaseName = 'interop'

function writeProfile(folder: string, profile: string): void {
  const { target } = options
  const output =
    target === 'duckdb'
      ? { type: 'duckdb', path: path.join(folder, `${databaseName}.duckdb`), schema: 'dev', threads: 1 }
      : { type: 'postgres', ...postgresParts(), dbname: databaseName, schema: 'dev', threads: 1 }
  writeFileSync(
    path.join(folder, 'profiles.yml'),
    JSON.stringify({ [profile]: { target, outputs: { [target]: output } } }),
  )
}

function postgresParts(): Record<string, unknown> {
  const url = new URL(options.postgres ?? 'postgres://postgres@127.0.0.1:5432')
  return { host: url.hostname, port: Number(url.port), user: url.username, password: url.password || 'none' }
}

/** Runs a side, and says with which exit code it ended. */
function run(side: Side, args: readonly string[]): number {
  const [program = '', ...leading] = side.command
  const started = performance.now()
  const result = spawnSync(program, [...leading, ...args, '--profiles-dir', side.folder], {
    cwd: side.folder,
    encoding: 'utf8',
    env: { ...process.env, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false', DBT_USE_COLORS: 'false' },
    maxBuffer: 2 ** 28,
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const lines = `${result.stdout}${result.stderr}`.trimEnd().split('\n')
  if (!options.quiet) print(`  ${side.name}: exit ${result.status} after ${seconds} s: ${lines.at(-1) ?? ''}`)
  writeFileSync(path.join(side.folder, 'output.log'), lines.join('\n'))
  return result.status ?? -1
}

function compare(level: string, differences: readonly string[]): number {
  print(`${level}: ${differences.length === 0 ? 'equal' : `${differences.length} differences`}`)
  for (const difference of differences.slice(0, Number(options.show))) print(`    ${difference}`)
  return differences.length
}

const { dbt, project } = options
if (dbt === undefined || project === undefined) {
  print('skipped: --dbt and --project are needed, so nothing was compared')
  process.exit(0)
}

const work = options.work ?? mkdtempSync(path.join(tmpdir(), 'interop-'))
const server: Server =
  options.target === 'duckdb' ? { type: 'duckdb' } : { type: 'postgres', ...(postgresParts() as { port: number }) }
const profile = /^profile:\s*['"]?([\w-]+)/mu.exec(readFileSync(path.join(project, 'dbt_project.yml'), 'utf8'))?.[1]
const sides: readonly [Side, Side] = [
  { name: 'dbt', folder: path.join(work, 'dbt'), command: [dbt] },
  { name: 'ours', folder: path.join(work, 'ours'), command: ourCommand },
]
for (const side of sides) {
  rmSync(side.folder, { recursive: true, force: true })
  cpSync(project, side.folder, { recursive: true, verbatimSymlinks: false, dereference: true })
  for (const left of ['target', 'logs']) rmSync(path.join(side.folder, left), { recursive: true, force: true })
  writeProfile(side.folder, profile ?? 'default')
}

let total = 0
// Running changes dbt's manifest: tests come to depend on what their materialization calls. So it is compared before.
for (const side of sides) run(side, ['parse'])
const targets = sides.map(({ folder }) => path.join(folder, 'target')) as [string, string]
total += compare('L1 manifest', compareManifests(...targets))
const relations = await compareRelations({ server, databaseName, sides })
for (let index = 1; index <= Number(options.runs); index += 1) {
  print(`run ${index} of ${options.command}`)
  const codes: number[] = []
  for (const side of sides) {
    await relations.before(side)
    codes.push(run(side, options.command.split(' ')))
    await relations.after(side)
  }
  if (index === 1) total += compare('L2 compiled SQL', compareCompiled(...targets))
  const results = compareResults(...targets)
  if (codes[0] !== codes[1]) results.unshift(`exit code: dbt ${codes[0]}, ours ${codes[1]}`)
  total += compare(index === 1 ? 'L3 relations' : `L5 relations after run ${index}`, await relations.differences())
  total += compare(index === 1 ? 'L4 results' : `L5 results of run ${index}`, results)
}
await relations.close()
print(`${total} differences; what both sides left is in ${work}`)
process.exitCode = total === 0 ? 0 : 1
