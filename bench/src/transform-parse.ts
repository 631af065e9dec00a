import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { spreadOf } from './comparison.ts'
import { writeLargeProject, writeSmallProject } from './parse-project.ts'
import { timeCommand } from './timed-command.ts'
import type { CommandTimes } from './timed-command.ts'

export interface ParseBenchOptions {
  /** A folder for projects, which is removed by the caller. */
  readonly directory: string
  /** Pairs of the small cases; the large ones take two. */
  readonly rounds: number
  /** Our command: a file for node. */
  readonly command: string
  /** The executable of dbt-core with dbt-duckdb; without one only our own figures are told. */
  readonly dbt?: string
}

interface ParseCase {
  readonly name: string
  readonly goal: string
  readonly rounds: number
  readonly project: string
  readonly words: readonly string[]
  /** Brings about what is measured, before each run of either. */
  prepare?(targetPath: string, round: number): Promise<void>
}

const largeRounds = 2

/**
 * Measures reading a project, from the start of the process to its end: everything, one changed file, nothing changed,
 * and listing a small project. Ours and dbt's in turn, each with a target folder of its own.
 *
 * @returns a Markdown table.
 */
export async function measureParsing(options: ParseBenchOptions): Promise<string> {
  const { directory, rounds } = options
  const place = (name: string) => path.join(directory, name)
  await writeLargeProject(place('1000'), 1000)
  await writeLargeProject(place('10000'), 10_000)
  await writeSmallProject(place('small'))
  const parse = (name: string, count: number, more: Partial<ParseCase> & Pick<ParseCase, 'goal'>): ParseCase => ({
    name,
    rounds: count,
    project: place(name.includes('10,000') ? '10000' : '1000'),
    words: ['parse'],
    ...more,
  })
  const append = (file: string, line: (round: number) => string) => async (_: string, round: number) =>
    await appendFile(path.join(place('10000'), file), `${line(round)}\n`)
  const put = (file: string, text: (round: number) => string) => async (_: string, round: number) => {
    const whole = path.join(place('10000'), file)
    await mkdir(path.dirname(whole), { recursive: true })
    await writeFile(whole, text(round))
  }
  const ofLarge = (name: string, prepare: NonNullable<ParseCase['prepare']>) =>
    parse(`10,000 models, ${name}`, largeRounds, { goal: '1 s', prepare })
  const cases: readonly ParseCase[] = [
    parse('1,000 models, everything', rounds, { goal: 'dbt / 10', prepare: withoutTarget }),
    parse('1,000 models, nothing changed', rounds, { goal: '' }),
    parse('10,000 models, everything', largeRounds, { goal: '15 s, 1 GB', prepare: withoutTarget }),
    parse('10,000 models, nothing changed', largeRounds, { goal: '' }),
    ofLarge(
      'one changed model',
      append('models/part_50/model_5000.sql', (round) => `-- ${round}`),
    ),
    ofLarge(
      'one changed properties file',
      append('models/part_50/_models.yml', (round) => `# ${round}`),
    ),
    ofLarge('one added model', async (target, round) => {
      await put(`models/part_50/more_${round}.sql`, () => "select * from {{ ref('model_77') }}")(target, round)
    }),
    ofLarge('one deleted model', async (_, round) => {
      await rm(path.join(place('10000'), `models/part_50/more_${round}.sql`), { force: true })
    }),
    ofLarge(
      'one changed macro',
      put('macros/one.sql', (round) => `{% macro one() %}${round}{% endmacro %}\n`),
    ),
    ofLarge(
      'one changed docs block',
      put('models/one.md', (round) => `{% docs one %}${round}{% enddocs %}\n`),
    ),
    {
      name: '`ls`, five models, first time',
      goal: '0.5 s',
      rounds,
      project: place('small'),
      words: ['ls'],
      prepare: withoutTarget,
    },
    { name: '`ls`, five models, again', goal: '0.5 s', rounds, project: place('small'), words: ['ls'] },
  ]
  const rows: string[] = []
  for (const one of cases) rows.push(await measureCase(one, options))
  const headings = [
    'measured',
    'wall s (min … max)',
    'goal',
    'CPU s',
    'peak RSS MB',
    'dbt wall s',
    'dbt CPU s',
    'dbt : ours, wall',
    'CPU',
  ]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows].join('\n')
}

async function withoutTarget(targetPath: string): Promise<void> {
  await rm(targetPath, { recursive: true, force: true })
}

async function measureCase(one: ParseCase, { command, dbt }: ParseBenchOptions): Promise<string> {
  process.stderr.write(`${one.name} `)
  const ours: CommandTimes[] = []
  const theirs: CommandTimes[] = []
  for (let round = 0; round < one.rounds; round += 1) {
    if (dbt !== undefined) theirs.push(await run(one, [dbt, '--no-send-anonymous-usage-stats'], ['target-dbt', round]))
    ours.push(await run(one, [process.execPath, command], ['target', round]))
    process.stderr.write('.')
  }
  process.stderr.write('\n')
  return rowOf(one, ours, theirs)
}

async function run(one: ParseCase, program: readonly string[], [target, round]: readonly [string, number]) {
  const targetPath = path.join(one.project, target)
  await one.prepare?.(targetPath, round)
  const flags = ['--profiles-dir', one.project, '--target-path', targetPath]
  return await timeCommand([...program, ...one.words, ...flags], one.project)
}

function rowOf({ name, goal }: ParseCase, ours: readonly CommandTimes[], theirs: readonly CommandTimes[]): string {
  const median = (times: readonly CommandTimes[], key: keyof CommandTimes) =>
    spreadOf(times.map((one) => one[key])).median
  const wall = spreadOf(ours.map(({ wallSeconds }) => wallSeconds))
  const ratio = (key: keyof CommandTimes) => (median(theirs, key) / median(ours, key)).toFixed(1)
  const cells = [
    name,
    `**${wall.median.toFixed(2)}** (${wall.min.toFixed(2)} … ${wall.max.toFixed(2)})`,
    goal,
    median(ours, 'cpuSeconds').toFixed(2),
    Math.max(...ours.map(({ peakRssMegabytes }) => peakRssMegabytes)).toFixed(0),
    ...(theirs.length === 0
      ? ['', '', '', '']
      : [
          median(theirs, 'wallSeconds').toFixed(2),
          median(theirs, 'cpuSeconds').toFixed(2),
          ratio('wallSeconds'),
          ratio('cpuSeconds'),
        ]),
  ]
  return `| ${cells.join(' | ')} |`
}
