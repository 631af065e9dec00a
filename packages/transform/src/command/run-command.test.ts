import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'eclusa commands '))
  await cp(path.join(fixtures, 'outcomes'), path.join(folder, 'outcomes'), { recursive: true })
})
afterAll(async () => await rm(folder, { recursive: true }))

async function run(
  line: string | readonly string[],
  project = 'outcomes',
  environment: Readonly<Record<string, string>> = {},
) {
  const output: string[] = []
  const code = await runCommand(typeof line === 'string' ? line.split(' ') : line, {
    program: 'eclusa transform',
    directory: path.join(folder, project),
    environment,
    hasColors: false,
    write: (text) => output.push(...text.split('\n')),
    signal: new AbortController().signal,
  })
  return { code, output, said: output.map((text) => text.replace(/^\d\d:\d\d:\d\d {2}/u, '')) }
}

async function artifact<Content>(name: string, project = 'outcomes'): Promise<Content> {
  return JSON.parse(await readFile(path.join(folder, project, 'target', name), 'utf8')) as Content
}

interface RunResults {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly results: readonly { readonly unique_id: string; readonly status: string; readonly message: string | null }[]
  readonly args: Readonly<Record<string, unknown>>
}

/** Lines of nodes and hooks, sorted, without what differs from run to run: order, numbers, times. */
function nodeLines(said: readonly string[]): string[] {
  return said
    .map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/u, ''))
    .filter((line) => /^\d+ of \d+ /u.test(line))
    .map((line) =>
      line
        .replace(/^\d+ of \d+ /u, '')
        .replace(/ \.{2,} /u, ' … ')
        .replace(/ in \d+\.\d\ds\]$/u, ']'),
    )
    .toSorted()
}

describe('runCommand', () => {
  it('tells of every statement it sends, with its comment, where --debug asks', async () => {
    const { output } = await run('--debug run --select a_table')
    expect(output.join('\n')).toMatch(/On model\.outcomes\.a_table: \/\* \{"app": "dbt".*\*\/\n.*create +table/su)
    const quiet = await run('run --select a_table')
    expect(quiet.output.join('\n')).not.toContain('create')
  })

  it('builds a project with the results, the exit code and the artifacts that dbt has', async () => {
    const golden = JSON.parse(await readFile(path.join(fixtures, 'outcomes.golden.json'), 'utf8')) as RunResults & {
      readonly output: readonly string[]
    }
    const { code, said } = await run('build')
    expect(code).toBe(1)
    const { metadata, results, args } = await artifact<RunResults>('run_results.json')
    const statuses = (list: RunResults['results']) =>
      Object.fromEntries(list.map(({ unique_id: id, status }) => [id, status]))
    expect(statuses(results)).toEqual(statuses(golden.results))
    expect(metadata).toMatchObject({ dbt_schema_version: 'https://schemas.getdbt.com/dbt/run-results/v6.json' })
    expect(args).toMatchObject({ which: 'build', invocation_command: 'eclusa transform build' })
    expect(Object.keys(args)).toEqual(
      expect.arrayContaining(Object.keys(golden.args).filter((key) => key !== 'use_colors')),
    )
    expect(nodeLines(said)).toEqual(nodeLines(golden.output))
    expect(said).toContain('Done. PASS=13 WARN=1 ERROR=2 SKIP=2 NO-OP=1 TOTAL=19')
    expect(said).toContain('Failure in test accepted_values_f_untrusted_name__ada (models/schema.yml)')
    const manifest = await artifact<{ nodes: Record<string, { compiled_path?: string }> }>('manifest.json')
    expect(manifest.nodes['model.outcomes.b_view']?.compiled_path).toBe('target/compiled/outcomes/models/b_view.sql')
  })

  it('runs again what failed, and nothing else', async () => {
    await writeFile(path.join(folder, 'outcomes/models/d_broken.sql'), "select name from {{ ref('c_ephemeral') }}")
    const { code } = await run('retry')
    expect(code).toBe(1)
    const { results, args } = await artifact<RunResults>('run_results.json')
    const nodes = results.filter(({ unique_id: id }) => !id.startsWith('operation.'))
    expect(Object.fromEntries(nodes.map(({ unique_id: id, status }) => [id, status]))).toEqual({
      'test.outcomes.accepted_values_f_untrusted_name__ada.7287d86056': 'fail',
      'model.outcomes.d_broken': 'success',
      'model.outcomes.e_skipped': 'success',
      'model.outcomes.g_below_failure': 'skipped',
    })
    expect(args).toMatchObject({ which: 'build' })
  })

  it('reads what is not built from the place that --defer points at', async () => {
    await run('build -s people a_table')
    await cp(path.join(folder, 'outcomes/target'), path.join(folder, 'outcomes/state'), { recursive: true })
    const compiled = async (line: string) => {
      expect((await run(line)).code).toBe(0)
      const file = path.join(folder, 'outcomes/target/compiled/outcomes/models/h_incremental.sql')
      return await readFile(file, 'utf8')
    }
    expect(await compiled('compile -s h_incremental --defer --state state --target other')).toContain(
      '"outcomes"."analytics"."a_table"',
    )
    expect(await compiled('compile -s h_incremental --target other')).toContain('"outcomes"."other"."a_table"')
    await run('build -s people a_table --target other')
    expect(await compiled('compile -s h_incremental --defer --state state --target other')).toContain(
      '"outcomes"."other"."a_table"',
    )
    expect(await compiled('compile -s h_incremental --defer --favor-state --state state --target other')).toContain(
      '"outcomes"."analytics"."a_table"',
    )
  })

  it('lists in every form', async () => {
    expect((await run('ls -q -s a_table source:* exposure:* unit_test:*')).output).toEqual([
      'exposure:outcomes.board',
      'outcomes.a_table',
      'outcomes.no_big_ids',
      'outcomes.not_null_a_table_id',
      'outcomes.unique_a_table_id',
      'unit_test:outcomes.keeps_rows',
    ])
    expect((await run('ls -q -s people --output path')).output).toEqual(['seeds/people.csv'])
    expect((await run('ls -q -s people_history --output name')).output).toEqual(['people_history'])
    expect((await run('ls -q -s people --output json --output-keys name tags')).output).toEqual([
      '{"name": "people", "tags": []}',
    ])
  })

  it('shows rows, and of a query written on the spot', async () => {
    const { output } = await run('show -q -s people --limit 1')
    expect(output.slice(0, 3)).toEqual(['| id | name |', '| -- | ---- |', '|  1 | ada  |'])
    const words = ['show', '-q', '--output', 'json', '--inline', "select count(*) as n from {{ ref('a_table') }}"]
    const { code, output: lines } = await run(words)
    expect({ code, shown: JSON.parse(lines.join('\n')) as unknown }).toEqual({ code: 0, shown: { show: [{ n: 2 }] } })
  })

  it('says how old the rows of sources are', async () => {
    await cp(path.join(fixtures, 'freshness'), path.join(folder, 'freshness'), { recursive: true })
    expect((await run('run', 'freshness')).code).toBe(0)
    const { code, said } = await run('source freshness', 'freshness')
    expect(code).toBe(1)
    const lines = said.filter((line) => / freshness of /u.test(line) && !line.includes('START'))
    expect(lines.map((line) => line.replace(/^\d of \d | \.+.*$/gu, ''))).toEqual([
      'ERROR freshness of raw.broken',
      'PASS freshness of raw.loads',
      'WARN freshness of raw.old_loads',
      'ERROR STALE freshness of raw.stale_loads',
    ])
    const { results } = await artifact<RunResults>('sources.json', 'freshness')
    expect(results.map(({ unique_id: id, status }) => [id, status])).toEqual([
      ['source.fresh.raw.loads', 'pass'],
      ['source.fresh.raw.old_loads', 'warn'],
      ['source.fresh.raw.stale_loads', 'error'],
    ])
  })

  it('writes what the warehouse has, with comments, into the catalog', async () => {
    expect((await run('docs generate', 'freshness')).code).toBe(0)
    interface Catalog {
      readonly nodes: Readonly<Record<string, { metadata: object; columns: Readonly<Record<string, object>> }>>
      readonly sources: object
    }
    const { nodes, sources } = await artifact<Catalog>('catalog.json', 'freshness')
    expect(nodes['model.fresh.b']).toMatchObject({
      metadata: {
        type: 'BASE TABLE',
        schema: 'analytics',
        name: 'b',
        database: 'fresh',
        comment: 'The b.',
        owner: null,
      },
      columns: { id: { type: 'INTEGER', index: 1, name: 'id', comment: 'The id.' } },
    })
    expect(Object.keys(nodes)).toEqual(['model.fresh.a', 'model.fresh.b'])
    expect(Object.keys(sources)).toHaveLength(4)
  })

  it('calls a macro with arguments, and says why one failed', async () => {
    const { code, said } = await run(['run-operation', 'greet', '--args', '{name: ada}'], 'freshness')
    expect({ code, last: said.at(-1) }).toEqual({ code: 0, last: 'hello ada' })
    expect((await artifact<RunResults>('run_results.json', 'freshness')).results[0]).toMatchObject({
      unique_id: 'macro.fresh.greet',
      status: 'success',
    })
    const failed = await run('run-operation fails', 'freshness')
    expect(failed.code).toBe(1)
    expect(failed.said.join('\n')).toContain('no way')
    expect((await run('run-operation absent', 'freshness')).code).toBe(2)
  })

  it('writes a project that builds at once', async () => {
    await run('init fresh_project', '.')
    const { code, said } = await run('build', 'fresh_project')
    expect({ code, last: said.at(-1) }).toEqual({
      code: 0,
      last: 'Done. PASS=6 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=6',
    })
    expect((await run('debug', 'fresh_project')).code).toBe(0)
    expect((await run('clean', 'fresh_project')).said).toContain('Cleaned target/*')
  })

  it.each([
    ['biuld', "Did you mean 'build'?"],
    ['build --target absent', "does not have a target named 'absent'"],
    ['build --selector absent', 'could not find selector named absent'],
    ['build --defer', 'required for deferral'],
    ['build --state nowhere -s state:modified', 'there is no manifest to compare with'],
    ['build --state nowhere --defer', 'Could not find manifest in --state path'],
    ['show', 'Either --select or --inline must be passed'],
    ['retry --state models', 'Could not find previous run'],
  ])('ends with 2 where the command cannot run: %s', async (line, message) => {
    const { code, output } = await run(line)
    expect(code).toBe(2)
    expect(output.join('\n')).toContain(message)
  })

  it('says that it was interrupted, blames no fault of its own, and leaves to retry what was not done', async () => {
    await rm(path.join(folder, 'outcomes', 'target'), { recursive: true, force: true })
    const interruption = new AbortController()
    const output: string[] = []
    const code = await runCommand(['build'], {
      program: 'eclusa transform',
      directory: path.join(folder, 'outcomes'),
      environment: {},
      hasColors: false,
      write: (text) => {
        output.push(text)
        if (text.includes(' START ')) interruption.abort()
      },
      signal: interruption.signal,
    })
    expect({ code, last: output.at(-1) }).toEqual({
      code: 2,
      last: expect.stringContaining('Interrupted: ') as unknown,
    })
    expect(output.join('\n')).not.toContain('INTERNAL')
    expect(output.join('\n')).not.toMatch(/ERROR creating|ERROR loading|FAIL \d/u)
    expect(output.join('\n')).toContain('Exited because of keyboard interrupt')
    const { results } = await artifact<RunResults>('run_results.json')
    expect(results.map(({ status }) => status)).toContain('skipped')
  })

  it('writes one JSON object per line for programs, and dbt.log for people', async () => {
    const { output } = await run('ls -s people --log-format json')
    const events = output.map((text) => JSON.parse(text) as { info: { name: string; msg: string } })
    expect(events.map(({ info }) => info.name)).toEqual(['MainReportVersion', 'PrintEvent'])
    expect(events[1]?.info.msg).toBe('outcomes.people')
    const log = await readFile(path.join(folder, 'outcomes/logs/dbt.log'), 'utf8')
    const last = JSON.parse(log.trimEnd().split('\n').at(-1) ?? '') as { info: { msg: string } }
    expect(last.info.msg).toBe('outcomes.people')
    await run('ls -s people --log-format json --log-format-file debug')
    const text = await readFile(path.join(folder, 'outcomes/logs/dbt.log'), 'utf8')
    expect(text).toContain('[info ] [MainThread]: outcomes.people')
  })
})
