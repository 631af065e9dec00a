import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runCommand } from './run-command.ts'

/*
 * What dbt made of fixtures/commands.yml (interop/commands-oracle.py) and what is made of it here: exit codes, statuses of
 * results, and the lines that a scenario asks for.
 */

interface Step {
  readonly command: string | readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly says?: readonly string[]
  readonly reads?: Readonly<Record<string, readonly string[]>>
  /** Why this is not as in dbt, and what it is here. */
  readonly differs?: Readonly<Record<string, unknown>> & { readonly why: string }
}

interface Scenario {
  readonly name: string
  readonly files?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')
const { files: base, scenarios } = parse(fixture('commands.yml'), { version: '1.1' }) as {
  readonly files: Readonly<Record<string, string>>
  readonly scenarios: readonly Scenario[]
}
const golden = JSON.parse(fixture('commands.golden.json')) as Readonly<Record<string, readonly unknown[]>>

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'eclusa dbt commands '))
})
afterAll(async () => await rm(folder, { recursive: true }))

async function play({ name, files = {}, steps }: Scenario): Promise<unknown[]> {
  const directory = path.join(folder, name)
  await write(directory, { ...base, ...files })
  const outcomes: unknown[] = []
  for (const step of steps) {
    await write(directory, step.files ?? {})
    outcomes.push(await outcomeOf(step, directory))
  }
  return outcomes
}

async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true })
    await writeFile(path.join(directory, name), text)
  }
}

async function outcomeOf({ command, env = {}, says, reads }: Step, directory: string): Promise<unknown> {
  const results = path.join(directory, 'target/run_results.json')
  await rm(results, { force: true })
  const output: string[] = []
  const code = await runCommand(typeof command === 'string' ? command.split(' ') : command, {
    program: 'dbt',
    directory,
    environment: env,
    hasColors: false,
    write: (line) => output.push(...line.split('\n')),
    signal: new AbortController().signal,
  })
  return {
    code,
    ...(existsSync(results) ? { statuses: await statusesIn(results) } : {}),
    ...(says === undefined ? {} : { says: kept(output, says) }),
    ...(reads === undefined ? {} : { files: await keptOfFiles(directory, reads) }),
  }
}

async function statusesIn(file: string): Promise<Readonly<Record<string, string>>> {
  const { results } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly results: readonly { readonly unique_id: string; readonly status: string }[]
  }
  return Object.fromEntries(results.map(({ unique_id: id, status }) => [id, status]))
}

async function keptOfFiles(directory: string, reads: Readonly<Record<string, readonly string[]>>): Promise<unknown> {
  const found = Object.entries(reads).map(async ([name, patterns]) => {
    const text = await readFile(path.join(directory, name), 'utf8').catch(() => undefined)
    return [name, text === undefined ? null : kept(text.split('\n'), patterns)] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

/** What the patterns find, line by line, without the time at the beginning of each line; what is told twice, once. */
function kept(lines: readonly string[], patterns: readonly string[]): string[] {
  const texts = lines.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/u, ''))
  const found = texts.flatMap((text) => patterns.flatMap((pattern) => new RegExp(pattern, 'u').exec(text)?.[0] ?? []))
  return [...new Set(found)]
}

describe('commands do what dbt does', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (name, scenario) => {
    const outcomes = await play(scenario)
    const expected = scenario.steps.map(({ differs }, index) => {
      const { why: _, ...facts } = differs ?? { why: '' }
      return { ...(golden[name]?.[index] as object | undefined), ...facts }
    })
    expect(labelled(scenario, outcomes)).toEqual(labelled(scenario, expected))
  })
})

/** With the command of each step, so that a difference says where it is. */
function labelled({ steps }: Scenario, outcomes: readonly unknown[]): unknown[] {
  return steps.map(({ command, env = {} }, index) => ({ command, env, ...(outcomes[index] as object | undefined) }))
}
