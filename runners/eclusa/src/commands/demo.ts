import { join, resolve } from 'node:path'
import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { invocationOf, shellWord } from '../invocation.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import { openLoaded, readProject } from '../open-project.ts'
import { freshDirectory } from '../project/fresh-directory.ts'
import type { RunningSnowflake } from '../project/local-snowflake.ts'
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
  readonly warehouse: 'duckdb' | 'snowflake-local'
  readonly dir?: string
}

export function addDemoCommand(program: Command, run: RunCommand): void {
  program
    .command('demo')
    .description('Watch a sales database travel from a real PostgreSQL into a star schema, on this machine alone.')
    .option('--scale <number>', 'size of the database; 1 is a million orders', parseScale, 0.01)
    .addOption(
      new Option('--warehouse <kind>', 'where it travels to: snowflake-local stands for Snowflake on this machine')
        .choices(['duckdb', 'snowflake-local'])
        .default('duckdb'),
    )
    .option('--dir <path>', 'the folder for the project (default: a new ./eclusa-demo)')
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa demo\n  eclusa demo --scale 0.1 --dir /tmp/sales\n  eclusa demo --warehouse snowflake-local',
    )
    .action(run(demo))
}

async function demo(context: CommandContext, options: DemoOptions): Promise<Outcome> {
  const startedAtMs = performance.now()
  const directory =
    options.dir === undefined
      ? await freshDirectory(context.directory, 'eclusa-demo')
      : resolve(context.directory, options.dir)
  const { writeProject } = await import('../project/write-project.ts')
  const { startLocalSnowflake } = await import('../project/local-snowflake.ts')
  await using snowflake = options.warehouse === 'duckdb' ? undefined : await startLocalSnowflake(directory)
  const warehouse = snowflake?.login ?? './warehouse.duckdb'
  await writeProject(demoProject(options.scale, warehouse), { directory, overwrite: false })
  context.note(`A new project in ${directory}`)
  const inProject = context.withConfig(directory)
  const loaded = await readProject(inProject, ['source', 'destination', 'steps'])
  const outcome = await runDemo(inProject, loaded)
  if (outcome !== 'ok') return outcome
  await showAnswer(inProject, loaded)
  context.result({
    text: farewell(context, { directory, snowflake, durationMs: performance.now() - startedAtMs }),
    lines: [{ type: 'project', directory }],
  })
  return 'ok'
}

function demoProject(scale: number, warehouse: NewProject['warehouse']): NewProject {
  return { name: 'sales', warehouse, source: { connector: 'sales_demo', scale } }
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
  const answer = await connection.query(await answerSql(connection, warehouse.type), { signal })
  context.result({
    text: `\n${context.terminal.paintResult('bold', salesAnswer.question)}\n\n${formatResult(answer, 'table')}`,
    lines: [{ type: 'answer', question: salesAnswer.question, rows: answer.rows }],
  })
}

async function answerSql(connection: WarehouseConnection, type: Warehouse['type']): Promise<string> {
  if (type !== 'snowflake') return salesAnswer.duckdb
  const { rows } = await connection.query(salesAnswer.departments)
  return salesAnswer.snowflake(rows.map(([name]) => String(name)))
}

function farewell(
  context: CommandContext,
  {
    directory,
    snowflake,
    durationMs,
  }: { readonly directory: string; readonly snowflake: RunningSnowflake | undefined; readonly durationMs: number },
): string {
  const eclusa = invocationOf(context.env)
  const config = `--config ${shellWord(shownPath(context.directory, directory))}`
  const data = join(directory, '.eclusa', 'snowflake')
  const [place, first, limited] =
    snowflake === undefined
      ? [join(directory, 'warehouse.duckdb'), '', 'from analytics.fct_sales limit 5']
      : [
          `${data}, of an endpoint that is not Snowflake but is spoken to as if it were`,
          `  ${snowflake.command} ${shellWord(shownPath(context.directory, data))}   first, in another terminal\n`,
          'select * from analytics.fct_sales limit 5',
        ]
  const csv = snowflake === undefined ? 'from analytics.dim_customer' : 'select * from analytics.dim_customer'
  return `
Everything took ${formatDuration(durationMs)}. The warehouse is ${place}

Go on with:
${first}  ${eclusa} query ${config} "${limited}"
  ${eclusa} query ${config} --format csv "${csv}" > customers.csv
  ${eclusa} runs ${config}
  ${eclusa} plan ${config}
  ${eclusa} init                 a project on your own PostgreSQL`
}
