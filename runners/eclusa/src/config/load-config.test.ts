import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ConnectorRegistry } from './connector-registry.ts'
import { loadConfig } from './load-config.ts'
import type { LoadConfigOptions } from './load-config.ts'

const registry: ConnectorRegistry = {
  sources: {
    postgres: {
      description: 'A PostgreSQL database.',
      config: z.strictObject({
        host: z.string(),
        port: z.int().min(1).max(65_535).default(5432),
        password: z.string().meta({ secret: true }).optional(),
        ssl_mode: z.enum(['disable', 'prefer', 'require']).default('prefer'),
        read_only: z.boolean().optional(),
      }),
    },
  },
  destinations: {
    duckdb: {
      description: 'A DuckDB file.',
      config: z.strictObject({ path: z.string().default('./default.duckdb').meta({ path: true }) }),
    },
  },
  steps: {
    transform: {
      description: 'A dbt project.',
      config: z.strictObject({
        project: z.string().meta({ path: true }),
        vars: z.record(z.string(), z.unknown()).optional(),
      }),
    },
  },
}

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'eclusa config '))
})
afterAll(async () => await rm(directory, { recursive: true }))

const good = `version: 1
name: sales
source:
  connector: postgres
  host: localhost
  password: \${env:PGPASSWORD}
destination:
  connector: duckdb
  path: ./warehouse.duckdb
streams:
  - sales.*
`

async function load(text: string, options: Partial<LoadConfigOptions> & { file?: string } = {}) {
  const secrets: string[] = []
  await writeFile(path.join(directory, options.file ?? 'eclusa.yaml'), text)
  const loaded = await loadConfig({
    path: options.file,
    directory,
    env: { PGPASSWORD: 'tiger' },
    registry,
    sections: ['source', 'destination', 'steps'],
    onSecrets: (found) => secrets.push(...found),
    ...options,
  })
  return { ...loaded, secrets }
}

async function failureOf(text: string, options: Parameters<typeof load>[1] = {}): Promise<EclusaError> {
  const error: unknown = await load(text, options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!EclusaError.isInstance(error)) throw new Error('expected an EclusaError', { cause: error })
  return error
}

describe('a configuration', () => {
  test('gives references their values, paths their folder, and names what is secret', async () => {
    const { project, secrets } = await load(good)
    expect(project.source).toEqual({ connector: 'postgres', host: 'localhost', password: 'tiger' })
    expect(project.destination['path']).toBe(path.join(directory, 'warehouse.duckdb'))
    expect(secrets).toContain('tiger')
    const { project: byDefault } = await load(good.replace('  path: ./warehouse.duckdb\n', ''))
    expect(byDefault.destination['path']).toBe(path.join(directory, 'default.duckdb'))
  })

  test('takes numbers and booleans from variables where the schema expects them', async () => {
    const text = good.replace('localhost', 'localhost\n  port: ${env:PORT}\n  read_only: ${env:RO}')
    const { project, secrets } = await load(text, { env: { PGPASSWORD: 'tiger', PORT: '6543', RO: 'true' } })
    expect(project.source).toMatchObject({ port: 6543, read_only: true })
    expect(secrets).not.toContain('6543')
  })

  test('reads a secret from a file beside it, without the line break at its end', async () => {
    await writeFile(path.join(directory, 'secret.txt'), 'lion\n')
    const { project } = await load(good.replace('${env:PGPASSWORD}', '${file:secret.txt}'))
    expect(project.source['password']).toBe('lion')
  })

  test('needs no variables of sections that the command does not use', async () => {
    const { project } = await load(good, { env: {}, sections: ['destination'] })
    expect(project.name).toBe('sales')
  })

  test('turns quantities into bytes and milliseconds', async () => {
    const { project } = await load(`${good}limits: { memory: 256MiB, commit_bytes: 1.5 GB, commit_interval: 10s }\n`)
    expect(project.limits).toEqual({ memory: 268_435_456, commit_bytes: 1_500_000_000, commit_interval: 10_000 })
  })

  test('may be a TypeScript module with the same shape', async () => {
    const text = `const config: { version: number } & Record<string, unknown> = {
      version: 1, name: 'sales', source: { connector: 'postgres', host: 'db' },
      destination: { connector: 'duckdb', path: 'w.duckdb' }, streams: ['*'],
    }
    export default config\n`
    const { project } = await load(text, { file: 'eclusa.config.ts' })
    expect(project.source['host']).toBe('db')
    const wrong = await failureOf(text.replace("host: 'db'", "hots: 'db', password: 'x'"), { file: 'wrong.config.ts' })
    expect(wrong.message).toMatchInlineSnapshot(`
      "wrong.config.ts has 3 faults.

      wrong.config.ts: source.password: a secret must not be written down here: refer to it by \${env:PASSWORD} or \${file:path}

      wrong.config.ts: source.host: missing

      wrong.config.ts: source.hots: unknown key; did you mean "host"?"
    `)
  })
})

describe('a wrong configuration', () => {
  test('has all its faults named at once, each with its place and a suggestion', async () => {
    const text = `version: 2
name: 1 sales
sorce: {}
source:
  connector: postgres
  hots: localhost
  host: db
  port: 99999
  ssl_mode: requires
  password: \${env:NO_SUCH_VARIABLE}
destination: { connector: duckbd, path: "\${env:NEITHER_THIS}" }
streams:
  - sales.*
  - name: sales.orders
    syncMode: incremental
    columns: { amount: "decimal(50,2)" }
steps:
  - transfrom: { project: ./dbt }
  - transform: { projects: ./dbt }
limits:
  memory: 12 parrots
`
    const error = await failureOf(text)
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toMatchInlineSnapshot(`
      "eclusa.yaml has 15 faults.

      eclusa.yaml:1:10: version: must be 1
      1 | version: 2
        |          ^

      eclusa.yaml:2:7: name: expected a letter followed by letters, digits, "_" or "-"
      2 | name: 1 sales
        |       ^^^^^^^

      eclusa.yaml:3:1: sorce: unknown key
      3 | sorce: {}
        | ^^^^^

      eclusa.yaml:6:3: source.hots: unknown key
      6 |   hots: localhost
        |   ^^^^

      eclusa.yaml:8:9: source.port: Too big: expected number to be <=65535
      8 |   port: 99999
        |         ^^^^^

      eclusa.yaml:9:13: source.ssl_mode: must be one of "disable", "prefer", "require"; did you mean "require"?
      9 |   ssl_mode: requires
        |             ^^^^^^^^

      eclusa.yaml:10:13: source.password: environment variable NO_SUCH_VARIABLE is not set
      10 |   password: \${env:NO_SUCH_VARIABLE}
         |             ^^^^^^^^^^^^^^^^^^^^^^^

      eclusa.yaml:11:27: destination.connector: must be "duckdb"; did you mean "duckdb"?
      11 | destination: { connector: duckbd, path: "\${env:NEITHER_THIS}" }
         |                           ^^^^^^

      eclusa.yaml:11:41: destination.path: environment variable NEITHER_THIS is not set
      11 | destination: { connector: duckbd, path: "\${env:NEITHER_THIS}" }
         |                                         ^^^^^^^^^^^^^^^^^^^^^

      eclusa.yaml:15:5: streams[1].syncMode: unknown key; did you mean "sync_mode"?
      15 |     syncMode: incremental
         |     ^^^^^^^^

      eclusa.yaml:16:24: streams[1].columns.amount: expected a column type such as text, int64 or decimal(18,2)
      16 |     columns: { amount: "decimal(50,2)" }
         |                        ^^^^^^^^^^^^^^^

      eclusa.yaml:18:5: steps[0].transfrom: unknown key; did you mean "transform"?
      18 |   - transfrom: { project: ./dbt }
         |     ^^^^^^^^^

      eclusa.yaml:19:16: steps[1].transform.project: missing
      19 |   - transform: { projects: ./dbt }
         |                ^^^^^^^^^^^^^^^^^^^

      eclusa.yaml:19:18: steps[1].transform.projects: unknown key; did you mean "project"?
      19 |   - transform: { projects: ./dbt }
         |                  ^^^^^^^^

      eclusa.yaml:21:11: limits.memory: expected a size such as 256MiB or 1GB
      21 |   memory: 12 parrots
         |           ^^^^^^^^^^"
    `)
  })

  test('never shows a secret that is written down, wherever else the faults are', async () => {
    const text = good.replace('${env:PGPASSWORD}', 'tiger') + 'colour: blue\n'
    const error = await failureOf(text)
    expect(error.message).toMatchInlineSnapshot(`
      "eclusa.yaml has 2 faults.

      eclusa.yaml:6:13: source.password: a secret must not be written down here: refer to it by \${env:PASSWORD} or \${file:path}
      6 |   password: *****
        |             ^^^^^

      eclusa.yaml:12:1: colour: unknown key
      12 | colour: blue
         | ^^^^^^"
    `)
    const flow = await failureOf('source: { connector: postgres, password: "ti,ger", hosst: a }\n')
    expect(flow.message).not.toContain('ti,ger')
    const broken = await failureOf(`${good}source: { password: tiger, url: "postgres://me:tiger@db" ]\n`)
    expect(broken.message).not.toContain('tiger')
    const scalar = await failureOf(`${good}  } "tiger"\n`)
    expect(scalar.message).toContain('this is no YAML')
    expect(scalar.message.replace(/^.*\|.*$/gmu, '')).not.toContain('tiger')
    const url = await failureOf(good.replace('localhost', 'postgres://me:tiger@db'))
    expect(url.message).toContain('a secret must not be written down')
    expect(url.message).not.toContain('tiger')
  })

  test('that is no YAML is shown where it breaks', async () => {
    const error = await failureOf('version: 1\nname: [sales\nsource:\n\tconnector: postgres\n')
    expect(error.message).toMatchInlineSnapshot(`
      "eclusa.yaml has 1 fault.

      eclusa.yaml:3:1: this is no YAML: flow sequence in block collection must be sufficiently indented and end with a ]
      3 | source:
        | ^"
    `)
  })

  test('with a bare reference in a flow mapping is told to quote it', async () => {
    const error = await failureOf('source: { connector: postgres, password: ${env:PGPASSWORD} }\n')
    expect(error.message).toContain('a reference must stand in quotes')
  })

  test('names repeated keys and bare exclamation marks', async () => {
    const error = await failureOf(`${good}  - !sales.tmp\nname: again\n`)
    expect(error.message).toMatchInlineSnapshot(`
      "eclusa.yaml has 3 faults.

      eclusa.yaml:11:3: streams[1]: Too small: expected string to have >=1 characters
      11 |   - sales.*
         |   ^^^^^^^^^

      eclusa.yaml:12:5: a value that begins with "!" must stand in quotes
      12 |   - !sales.tmp
         |     ^^^^^^^^^^

      eclusa.yaml:12:15: this key stands twice in one mapping
      12 |   - !sales.tmp
         |               ^"
    `)
  })

  test.each(['', '- a\n- b\n', 'just text\n', '~\n'])('of another kind (%j) is told what is expected', async (text) => {
    expect((await failureOf(text)).message).toContain('a configuration is a mapping with version, name, source')
  })

  test.each([
    ['${env:}', '"${env:}" is no reference'],
    ['${vault:x}', '"${vault:x}" is no reference'],
    ['"${env:X"', 'needs a closing "}"'],
    ['${file:no-such-file}', 'file no-such-file cannot be read (ENOENT)'],
  ])('with the reference %s says what is wrong with it', async (reference, message) => {
    expect((await failureOf(good.replace('${env:PGPASSWORD}', reference))).message).toContain(message)
  })

  test('that is missing is said to be missing', async () => {
    await expect(load(good, { path: 'nowhere/eclusa.yaml' })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
  })

  test('that is a program and fails is a fault of the configuration', async () => {
    const thrown = await failureOf('throw new Error("no luck")\n', { file: 'throws.config.ts' })
    expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', message: 'throws.config.ts cannot be loaded: no luck' })
    const notData = await failureOf('export default { version: () => 1 }\n', { file: 'function.config.ts' })
    expect(notData.message).toContain('could not be cloned')
  })
})
