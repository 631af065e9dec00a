import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { invocationOf, shellWord } from '../invocation.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import { openLoaded, readProject } from '../open-project.ts'
import { freshDirectory } from '../project/fresh-directory.ts'
import type { NewProject } from '../project/project-files.ts'
import { salesAnswer } from '../project/sales-answer.ts'
import { formatDuration } from '../output/quantity.ts'
import { formatResult } from '../output/query-result.ts'
import type { RunCommand } from '../run-command.ts'
import { shownPath } from '../shown-path.ts'
import { parseScale } from './init.ts'
import { LiveAct } from '../live-act.ts'
import { reportRun, watchRun } from './run.ts'

interface DemoOptions {
  readonly scale: number
  readonly dir?: string
}

export function addDemoCommand(program: Command, run: RunCommand): void {
  program
    .command('demo')
    .description('Watch a sales database travel from a real PostgreSQL into a star schema, on this machine alone.')
    .option('--scale <number>', 'size of the database; 1 is a million orders', parseScale, 0.01)
    .option('--dir <path>', 'the folder for the project (default: a new ./eclusa-demo)')
    .addHelpText('after', '\nExamples:\n  eclusa demo\n  eclusa demo --scale 0.1 --dir /tmp/sales')
    .action(run(demo))
}

async function demo(context: CommandContext, options: DemoOptions): Promise<Outcome> {
  const startedAtMs = performance.now()
  const directory =
    options.dir === undefined
      ? await freshDirectory(context.directory, 'eclusa-demo')
      : resolve(context.directory, options.dir)
  const { writeProject } = await import('../project/write-project.ts')
  await writeProject(demoProject(options.scale), { directory, overwrite: false })
  context.note(`A new project in ${directory}`)
  const inProject = context.withConfig(directory)
  const loaded = await readProject(inProject, ['source', 'destination', 'steps'])
  const outcome = await runDemo(inProject, loaded)
  if (outcome !== 'ok') return outcome
  await showAnswer(inProject, loaded)
  context.result({
    text: farewell(context, directory, performance.now() - startedAtMs),
    lines: [{ type: 'project', directory }],
  })
  return 'ok'
}

function demoProject(scale: number): NewProject {
  return { name: 'sales', warehouse: './warehouse.duckdb', source: { connector: 'sales_demo', scale } }
}

/**
 * The embedded server lives as long as this function. Its tables are replicated, so that the last act can be a live one.
 */
async function runDemo(context: CommandContext, loaded: LoadedConfig): Promise<Outcome> {
  const source = { ...loaded.project.source, replicate: true }
  await using project = await openLoaded(
    context,
    { ...loaded, project: { ...loaded.project, source } },
    { fullRefresh: false, stepsIntervalMs: 0 },
  )
  const { pipeline, changeSource } = project
  const live = new LiveAct(context, { change: changeSource!, stop: () => run.stop() })
  const run = pipeline.run({
    follow: true,
    signal: context.interruption.abortSignal,
    whileOpen: async (open) => live.open(open),
  })
  return reportRun(context, pipeline.name, await watchRun(context, run, (event) => live.onEvent(event)))
}

async function showAnswer(context: CommandContext, { project }: LoadedConfig): Promise<void> {
  const { openDestination } = await import('../composition.ts')
  const signal = context.interruption.stopSignal
  await using warehouse = await openDestination(project).openWarehouse!({ signal, log: context.log() })
  await using connection = await warehouse.connect()
  const answer = await connection.query(salesAnswer.sql, { signal })
  context.result({
    text: `\n${context.terminal.paintResult('bold', salesAnswer.question)}\n\n${formatResult(answer, 'table')}`,
    lines: [{ type: 'answer', question: salesAnswer.question, rows: answer.rows }],
  })
}

function farewell(context: CommandContext, directory: string, durationMs: number): string {
  const eclusa = invocationOf(context.env)
  const config = `--config ${shellWord(shownPath(context.directory, directory))}`
  return `
Everything took ${formatDuration(durationMs)}. The warehouse is ${join(directory, 'warehouse.duckdb')}

Go on with:
  ${eclusa} query ${config} "from analytics.fct_sales limit 5"
  ${eclusa} query ${config} --format csv "from analytics.dim_customer" > customers.csv
  ${eclusa} runs ${config}
  ${eclusa} plan ${config}
  ${eclusa} init                 a project on your own PostgreSQL`
}
