import type { Command } from 'commander'
import type { PipelineRun, RunOptions, RunResult } from '@eclusa/pipeline'
import type { RunEvent } from '@eclusa/sdk'
import type { CommandContext } from '../command-context.ts'
import { outcomeOfRun } from '../exit-code.ts'
import type { Outcome } from '../exit-code.ts'
import { openLoaded, readProject } from '../open-project.ts'
import { formatRunSummary } from '../output/run-summary.ts'
import { createReporter } from '../output/run-view.ts'
import { parseDuration } from '../parse-duration.ts'
import type { RunCommand } from '../run-command.ts'

interface RunCommandOptions {
  readonly select?: string[]
  readonly steps: boolean
  readonly fullRefresh?: true
  readonly follow?: true
  readonly stepsEvery?: number
}

export function addRunCommand(program: Command, run: RunCommand): void {
  program
    .command('run')
    .description('Move the rows, then run the steps.')
    .option('-s, --select <stream...>', 'only these streams; names or patterns such as "sales.*"')
    .option('--no-steps', 'move the rows only')
    .option('--full-refresh', 'forget how far earlier runs came and read everything again')
    .option('-f, --follow', 'go on with replicated streams until Ctrl-C, and run the steps now and then')
    .option('--steps-every <duration>', 'while following, run the steps at most once in so long: 5min', parseDuration)
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa run\n  eclusa run --follow --steps-every 5min\n  eclusa run --select sales.orders --no-steps\n  eclusa run --log-format json | jq .type',
    )
    .action(run(async (context, options: RunCommandOptions) => await runPipeline(context, options)))
}

async function runPipeline(context: CommandContext, options: RunCommandOptions): Promise<Outcome> {
  const fullRefresh = options.fullRefresh === true
  const loaded = await readProject(context, ['source', 'destination', 'steps'])
  const { stepsEvery: stepsIntervalMs } = options
  await using project = await openLoaded(context, loaded, {
    fullRefresh,
    ...(stepsIntervalMs === undefined ? {} : { stepsIntervalMs }),
  })
  const { pipeline, destination } = project
  const runOptions: RunOptions = {
    signal: context.interruption.abortSignal,
    skipSteps: !options.steps,
    fullRefresh,
    ...(options.select === undefined ? {} : { select: options.select }),
  }
  if (options.follow !== true) {
    return reportRun(context, pipeline.name, await watchRun(context, pipeline.run(runOptions)))
  }
  const { FollowService } = await import('../follow-service.ts')
  const service = new FollowService(context, { project: loaded.project, destination })
  const run = pipeline.run({ ...runOptions, follow: true, whileOpen: async (open) => await service.serve(open) })
  return reportRun(context, pipeline.name, await watchRun(context, run, (event) => service.onEvent(event)))
}

export interface WatchedRun {
  readonly result: RunResult
  /** From the start of the run to its last commit: what rates are taken from. Steps are not in it. */
  readonly loadDurationMs: number
}

/** Shows a run until it ends; the first Ctrl-C makes it commit and end. */
export async function watchRun(
  context: CommandContext,
  run: PipelineRun,
  onEvent?: (event: RunEvent) => void,
): Promise<WatchedRun> {
  const stop = () => {
    context.note(context.terminal.paintNote('yellow', 'Stopping at the next checkpoint. Ctrl-C again stops at once.'))
    run.stop()
  }
  const { stopSignal } = context.interruption
  stopSignal.addEventListener('abort', stop, { once: true })
  if (stopSignal.aborted) stop()
  const reporter = createReporter(context)
  try {
    let loadDurationMs = 0
    let startedAtMs = 0
    for await (const event of run) {
      reporter.onEvent(event)
      onEvent?.(event)
      if (event.type === 'run_started') startedAtMs = Date.parse(event.at)
      if (event.type === 'committed') loadDurationMs = Date.parse(event.at) - startedAtMs
    }
    return { result: await run.result, loadDurationMs }
  } finally {
    reporter.end()
    stopSignal.removeEventListener('abort', stop)
  }
}

/** The last event of a run says all there is for programs; people get a summary. */
export function reportRun(context: CommandContext, pipeline: string, watched: WatchedRun): Outcome {
  const { result } = watched
  if (!context.isJson && context.options.quiet !== true) {
    context.result({ text: formatRunSummary(pipeline, watched, context.terminal.paintResult), lines: [] })
  }
  // Of a stream's failure the summary has told, and before it the line that it is left out.
  const isTold = result.streamFailures.some(({ error }) => error === result.error)
  if (result.status !== 'failed' || result.error === undefined || context.isJson || isTold) return outcomeOfRun(result)
  return context.fail(result.error)
}
