import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { EclusaError } from '@eclusa/sdk'
import { runCommand } from '../command/run-command.ts'
import { manifestPieces, manifestText } from '../artifact/manifest-text.ts'
import { loadProject } from '../load-project.ts'
import type { LoadedProject } from '../load-project.ts'
import { projectChanges, projectSlots } from '../testing/project-slots.ts'

const fixture = path.resolve(import.meta.dirname, '../../fixtures/parse-all')

interface Surroundings {
  readonly vars: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string>>
}

const plain: Surroundings = { vars: {}, environment: {} }

type FileText = readonly [file: string, text: string | undefined]

interface Outcome {
  readonly isWhole: boolean
  readonly text: string
}

/** A project in a folder of its own that is parsed again and again, by way of what the parse before has left. */
class Trial {
  readonly directory: string
  readonly said: string[] = []

  constructor(directory: string) {
    this.directory = directory
  }

  static async open(): Promise<Trial> {
    const trial = new Trial(await mkdtemp(path.join(tmpdir(), 'partial-parse-')))
    await trial.reset()
    return trial
  }

  async reset(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
    await cp(fixture, this.directory, { recursive: true })
    await this.write('models/outside.sql', "select '{{ env_var('OUTSIDE', 'none') }}' as v, {{ var('depth', 1) }} as d")
    await this.write('models/plain.sql', "select * from {{ ref('outside') }}")
    const tests = '[unique, { accepted_values: { values: [1.0, 2] } }]'
    await this.write(
      'models/plain.yml',
      `version: 2\nmodels:\n  - name: plain\n    meta: { ratio: 1.0 }\n    columns:\n      - { name: v, data_tests: ${tests} }\n`,
    )
  }

  place(file: string): string {
    return path.join(this.directory, file)
  }

  async files(): Promise<string[]> {
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.directory, path.join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith('target') && !file.startsWith('profiles'))
      .toSorted()
  }

  async read(file: string): Promise<string> {
    return await readFile(this.place(file), 'utf8')
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(this.place(file)), { recursive: true })
    await writeFile(this.place(file), text)
  }

  async edit(file: string, change: (text: string) => string): Promise<void> {
    await this.write(file, change(await this.read(file)))
  }

  /** @param isOn undefined: as if there were no partial parsing */
  async load({ vars, environment }: Surroundings = plain, isOn?: boolean): Promise<LoadedProject> {
    const note = (line: string) => this.said.push(line)
    this.said.length = 0
    return await loadProject({
      directory: this.directory,
      profilesDirectory: this.directory,
      vars,
      environment,
      invocationId: 'one',
      log: { debug: note, info: note, warn() {}, error() {} },
      ...(isOn === undefined ? {} : { partialParse: { file: this.place('target/partial_parse.eclusa'), isOn } }),
    })
  }

  /** What a parse makes of the project as it is now: the text of its manifest, or what is wrong. */
  async outcome(surroundings: Surroundings, isOn?: boolean): Promise<Outcome> {
    try {
      const { manifest, graph } = await this.load(surroundings, isOn)
      const text = Buffer.concat(manifestPieces(manifestText(manifest), manifest.metadata)).toString('utf8')
      // What is taken over was no circle, and nothing else looks for one.
      return { isWhole: graph !== undefined, text }
    } catch (error) {
      if (!EclusaError.isInstance(error)) throw error
      return { isWhole: false, text: `${error.code}: ${error.message}` }
    }
  }

  /** Why the last parse did not build on the one before; undefined when it did. */
  get reasonAgainst(): string | undefined {
    return this.said.find((line) => /^Parsing everything|^Unable to do partial parsing/u.test(line))
  }

  /** Undefined: there is no such file. */
  async put(files: readonly FileText[]): Promise<void> {
    for (const [file, text] of files) {
      if (text === undefined) await rm(this.place(file), { force: true })
      else await this.write(file, text)
    }
  }

  async texts(files: readonly string[]): Promise<FileText[]> {
    return await Promise.all(files.map(async (file) => [file, await this.read(file).catch(() => undefined)] as const))
  }
}

const lines = {
  sql: [
    "{{ config(tags=['extra']) }}",
    '{{ config(enabled=false) }}',
    "{{ config(alias='another') }}",
    "{{ config(meta={'share': 2.0}) }}",
    "-- {{ ref('base') }}",
    "-- {{ ref('totals') }}",
    "-- {{ ref('currencies') }}",
    "-- {{ env_var('OUTSIDE', 'none') }} {{ var('depth', 1) }}",
    "-- {{ source('raw', 'orders') }}",
    '-- nothing',
  ],
  yml: ['# nothing', '    description: "{{ doc(\'orders\') }}"', '    config: { tags: [from_properties] }'],
}
const words: readonly (readonly [RegExp, string])[] = [
  [/unique/u, 'not_null'],
  [/not_null/u, 'unique'],
  [/true/u, 'false'],
  [/view/u, 'table'],
  [/description: .*/u, 'description: \'{{ doc("orders") }}\''],
  [/orders/u, 'plain'],
  [/1/u, '3'],
  [/name: (\w+)/u, 'name: plain'],
  [/\[/u, '[extra, '],
]

interface Edit {
  readonly kind: 'insert' | 'replace' | 'without line' | 'delete' | 'copy' | 'touch' | 'surroundings'
  readonly file: number
  readonly at: number
  readonly word: number
}

const edits: fc.Arbitrary<Edit> = fc.record({
  kind: fc.oneof(
    { weight: 4, arbitrary: fc.constant('insert' as const) },
    { weight: 3, arbitrary: fc.constant('replace' as const) },
    fc.constantFrom('without line' as const, 'delete' as const, 'copy' as const, 'touch' as const),
    fc.constant('surroundings' as const),
  ),
  file: fc.nat(),
  at: fc.nat(),
  word: fc.nat(),
})

/** Does one edit. Returns how to undo it. */
async function apply(trial: Trial, { kind, at, word, file: number }: Edit): Promise<() => Promise<void>> {
  const files = await trial.files()
  const file = files.at(number % files.length)!
  const text = await trial.read(file)
  const rows = text.split('\n')
  const known = lines[file.endsWith('.sql') ? 'sql' : 'yml']
  const [search, by] = words.at(word % words.length)!
  switch (kind) {
    case 'insert':
      await trial.write(file, rows.toSpliced(at % (rows.length + 1), 0, known.at(word % known.length)!).join('\n'))
      break
    case 'replace':
      await trial.write(file, text.replace(search, by))
      break
    case 'without line':
      await trial.write(file, rows.toSpliced(at % rows.length, 1).join('\n'))
      break
    case 'delete':
      await rm(trial.place(file))
      break
    case 'copy': {
      const copied = file.replace(/(\.\w+)$/u, `_${word % 3}$1`)
      await trial.write(copied, text)
      return async () => await rm(trial.place(copied))
    }
    case 'touch':
      await trial.write(file, text)
  }
  return async () => await trial.write(file, text)
}

const slots = Object.entries(projectSlots)

function textsOf(files: Readonly<Record<string, number>>): FileText[] {
  return Object.entries(files).map(([file, variant]) => [file, projectSlots[file]?.[variant]])
}

/** Other texts for one to three files at a time. */
const choices = fc.array(
  fc.tuple(fc.nat(), fc.nat()).map(([slot, variant]) => {
    const [file, texts] = slots.at(slot % slots.length)!
    return [file, texts.at(variant % texts.length)] as const
  }),
  { minLength: 1, maxLength: 3 },
)

/** Whether everything is parsed for a reason that a whole project can have. */
function isExcused(reason: string | undefined): boolean {
  const reasons = /most files are concerned|macros that name all nodes|no plain value|^Unable to do partial parsing/u
  return reason === undefined || reasons.test(reason)
}

/** The suite has time for a few; more are asked for when something of partial parsing was changed. */
const runs = Number(process.env['PARTIAL_PARSE_RUNS'] ?? 2)

describe('a parse that builds on the one before', () => {
  let trial: Trial
  beforeAll(async () => {
    trial = await Trial.open()
  })
  afterAll(async () => await rm(trial.directory, { recursive: true, force: true }))
  beforeEach(async () => {
    // `created_at` is the time, and is to be that of the other parse.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2020, 0, 1) })
    await trial.reset()
  })
  afterEach(() => vi.useRealTimers())

  it('takes over what has not changed, and parses one file where one has', async () => {
    const first = await trial.load(plain, true)
    expect(trial.said).toContain('Unable to do partial parsing because saved manifest not found. Starting full parse.')
    const second = await trial.load(plain, true)
    expect(trial.said).toContain('Partial parsing enabled, no changes found, skipping parsing')
    expect(second.manifest).toEqual(first.manifest)
    await trial.edit('models/plain.sql', (text) => `${text} where true`)
    const third = await trial.load(plain, true)
    expect(trial.said.filter((line) => line.startsWith('Partial parsing'))).toEqual([
      'Partial parsing enabled: 0 files deleted, 0 files added, 1 files changed.',
      'Partial parsing: updated file: models/plain.sql',
    ])
    expect(third.manifest).toEqual((await trial.load(plain)).manifest)
    expect(third.manifest.nodes['model.ledger.plain']).toMatchObject({
      raw_code: "select * from {{ ref('outside') }} where true",
    })
  })

  it('sees a file of the same size and time that has another text', async () => {
    vi.useRealTimers()
    const place = trial.place('models/plain.sql')
    await utimes(place, new Date('2020-01-01'), new Date('2020-01-01'))
    await trial.load(plain, true)
    await trial.edit('models/plain.sql', (text) => text.replace('*', '1'))
    await utimes(place, new Date('2020-01-01'), new Date('2020-01-01'))
    const { manifest } = await trial.load(plain, true)
    expect(manifest.nodes['model.ledger.plain']).toMatchObject({ raw_code: "select 1 from {{ ref('outside') }}" })
  })

  it('parses everything where a change may reach anywhere, and says so', async () => {
    let surroundings = plain
    const changes: Readonly<Record<string, () => Promise<void> | void>> = {
      'config vars, config profile, or config target have changed': () => {
        surroundings = { ...surroundings, vars: { depth: 3 } }
      },
      'env vars have changed': () => {
        surroundings = { ...surroundings, environment: { OUTSIDE: 'set' } }
      },
      'a project config has changed': async () => await trial.edit('dbt_project.yml', (text) => `${text}\n# more\n`),
      'profile has changed': async () =>
        await trial.edit('profiles.yml', (text) => text.replace(/schema: \w+/u, 'schema: elsewhere')),
    }
    await trial.load(surroundings, true)
    for (const [reason, change] of Object.entries(changes)) {
      await change()
      await trial.load(surroundings, true)
      expect(trial.said).toContain(`Unable to do partial parsing because ${reason}`)
    }
  })

  it('parses everything where it is switched off, and leaves the parse for the next one', async () => {
    await trial.load(plain, false)
    expect(trial.said).toContain('Partial parsing not enabled')
    await trial.load(plain, true)
    expect(trial.said).toContain('Partial parsing enabled, no changes found, skipping parsing')
  })

  it('ignores a file that is damaged, older or of another program', async () => {
    const file = 'target/partial_parse.eclusa'
    await trial.load(plain, true)
    const bytes = await readFile(trial.place(file))
    const flaw = Buffer.from(bytes)
    flaw.write('x', flaw.indexOf('raw_code'))
    for (const other of ['msgpack', bytes.subarray(0, -1), flaw]) {
      await writeFile(trial.place(file), other)
      const { manifest } = await trial.load(plain, true)
      expect(trial.said.join('\n')).toMatch(/Parsing everything: .*partial_parse\.eclusa cannot be used/u)
      expect(Object.keys(manifest.nodes)).toContain('model.ledger.plain')
    }
  })

  it('is steered by the flags of the command', async () => {
    vi.useRealTimers()
    const run = async (command: string, environment: Readonly<Record<string, string>> = {}) => {
      const output: string[] = []
      const host = { program: 'eclusa-transform', directory: trial.directory, environment, hasColors: false }
      const write = (line: string) => output.push(line)
      await runCommand(`${command} --debug`.split(' '), { ...host, write, signal: new AbortController().signal })
      return output.find((line) => /partial pars/iu.test(line))?.replace(/^\d\d:\d\d:\d\d {2}/u, '')
    }
    const [missing, off, same] = [
      'Unable to do partial parsing because saved manifest not found. Starting full parse.',
      'Partial parsing not enabled',
      'Partial parsing enabled, no changes found, skipping parsing',
    ]
    expect(await run('parse')).toBe(missing)
    expect(await run('ls')).toBe(same)
    expect(await run('parse --no-partial-parse')).toBe(off)
    expect(await run('parse', { DBT_PARTIAL_PARSE: '0' })).toBe(off)
    await rename(trial.place('target/partial_parse.eclusa'), trial.place('kept'))
    expect(await run('parse --partial-parse-file-path kept')).toBe(same)
    expect(await run('parse')).toBe(missing)
    expect(await run('parse')).toBe(same)
    await run('clean')
    expect(await run('parse')).toBe(missing)
  })

  it(
    'parses a part of the project, and finds what a parse of everything finds, after any change',
    { timeout: 60_000 },
    async () => {
      await trial.load(plain, true)
      for (const [change, files] of Object.entries(projectChanges)) {
        await trial.put(textsOf(files))
        const partial = await trial.outcome(plain, true)
        expect({ change, reason: trial.reasonAgainst }).toEqual({ change, reason: undefined })
        expect(partial).toEqual(await trial.outcome(plain))
        expect({ change, ...partial }).toMatchObject({ change, isWhole: true })
      }
    },
  )

  it('does so after any choice of files, and tells the same faults', { timeout: runs * 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(choices, { minLength: 3, maxLength: 6 }), async (list) => {
        await trial.reset()
        await trial.load(plain, true)
        for (const files of list) {
          const before = await trial.texts(files.map(([file]) => file))
          await trial.put(files)
          const partial = await trial.outcome(plain, true)
          const reason = trial.reasonAgainst
          const full = await trial.outcome(plain)
          expect(partial).toEqual(full)
          expect(full.isWhole ? reason : undefined).toBeUndefined()
          if (!full.isWhole) await trial.put(before)
        }
      }),
      { numRuns: runs, endOnFailure: true },
    )
  })

  it(
    'does so after any edit of a text, but where that reaches nearly everything',
    { timeout: runs * 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(edits, { minLength: 1, maxLength: 6 }), async (list) => {
          await trial.reset()
          await trial.load(plain, true)
          let surroundings = plain
          for (const edit of list) {
            if (edit.kind === 'surroundings')
              surroundings = {
                vars: { depth: edit.word % 3 },
                environment: edit.at % 2 === 0 ? {} : { OUTSIDE: 'set' },
              }
            const undo = edit.kind === 'surroundings' ? undefined : await apply(trial, edit)
            const partial = await trial.outcome(surroundings, true)
            const reason = trial.reasonAgainst
            const full = await trial.outcome(surroundings)
            expect(partial).toEqual(full)
            expect(full.isWhole ? reason : undefined).toSatisfy(isExcused)
            if (!full.isWhole) await undo?.()
          }
        }),
        { numRuns: runs, endOnFailure: true },
      )
    },
  )
})
