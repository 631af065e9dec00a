import path from 'node:path'
import { EclusaError, formatError } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import { fancyLine } from './fancy-line.ts'
import { foundLine } from './found-line.ts'
import type { NodePlace } from './node-lines.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { RunReport } from './run-report.ts'
import { finishedLine } from './run-summary.ts'
import { selectForCommand } from './select-for-command.ts'
import { hasFreshness } from './source-age.ts'
import { measureFreshness } from './source-freshness.ts'
import type { MeasureOptions } from './source-freshness.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { writeSources } from '../artifact/sources.ts'
import type { FreshnessResult } from '../artifact/sources.ts'
import { RunScope } from '../compile/run-scope.ts'
import type { LoadedProject } from '../load-project.ts'
import type { SourceNode } from '../manifest/node.ts'
import { queryComment } from '../run/query-comment.ts'
import { runHooks } from '../run/run-hooks.ts'
import { runSchedule } from '../run/scheduler.ts'
import { SessionPool } from '../run/session-pool.ts'
import { complaintOf } from '../run/warehouse-complaint.ts'

/** What became of one source: how old it is, or why that cannot be said. */
interface SourceOutcome {
  readonly source: SourceNode
  readonly result?: FreshnessResult
  readonly error?: string
  readonly seconds: number
}

/** `source freshness`: how old the rows of sources are, by the thresholds that they declare. 1 when one is too old. */
export async function runFreshness(session: CommandSession): Promise<number> {
  const { settings, host, log } = session
  const profile = await session.readProfile()
  const project = await session.loadProject(profile)
  log.info(foundLine(project.manifest))
  const ids = await selectForCommand('freshness', session, project)
  const sources = [...ids].map((id) => project.manifest.sources[id]!).filter(hasFreshness)
  if (sources.length === 0) {
    log.warn('Nothing to do. Try checking your model configs and model specification args')
    await session.writeManifest(project)
    await writeOutcomes(session, project, { outcomes: [], elapsedSeconds: 0 })
    return 0
  }
  const report = new RunReport({ log, database: profile.target.database, compiledPathOf: () => undefined })
  report.begin(profile.target.threads, profile.targetName)
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  await using sessions = new SessionPool(warehouse)
  const execution = { ...settings.execution, threads: profile.target.threads }
  const run = new RunScope({ project, execution, selected: ids, signal: host.signal })
  const comment = queryComment(run)
  const cache = new RelationCache()
  const hooks = {
    run,
    sessions,
    cache,
    comment,
    results: [],
    emit: (event: Parameters<RunReport['tell']>[0]) => report.tell(event),
  }
  await runHooks({ ...hooks, phase: 'on-run-start' })
  if (report.outcomes.length > 0) log.info('')
  const outcomes: SourceOutcome[] = []
  let started = 0
  await runSchedule({
    ids: sources.map(({ unique_id: id }) => id),
    concurrency: profile.target.threads,
    waitsFor: () => [],
    run: async (id) => {
      started += 1
      const place = { index: started, total: sources.length }
      const outcome = await measure(project.manifest.sources[id]!, place, session, {
        run,
        sessions,
        comment,
        thread: 1,
      })
      outcomes.push(outcome)
    },
  })
  await runHooks({ ...hooks, phase: 'on-run-end' })
  await session.writeManifest(project)
  await writeOutcomes(session, project, { outcomes, elapsedSeconds: report.seconds })
  return summarize(session, report, outcomes)
}

async function writeOutcomes(
  { settings, host, startedAt, targetFolder }: CommandSession,
  { scope }: LoadedProject,
  { outcomes, elapsedSeconds }: { readonly outcomes: readonly SourceOutcome[]; readonly elapsedSeconds: number },
): Promise<void> {
  const output = settings.text('output')
  await writeSources({
    invocationId: scope.invocationId,
    startedAt,
    environment: host.environment,
    file: output === undefined ? path.join(targetFolder, 'sources.json') : path.resolve(host.directory, output),
    results: outcomes.flatMap(({ result }) => (result === undefined ? [] : [result])),
    elapsedSeconds,
  })
}

async function measure(
  source: SourceNode,
  place: NodePlace,
  { log }: CommandSession,
  options: MeasureOptions,
): Promise<SourceOutcome> {
  const name = `freshness of ${source.source_name}.${source.name}`
  log.info(fancyLine({ text: `START ${name}`, status: 'RUN', ...place }, log.lineOptions))
  const startedAtMs = performance.now()
  const outcome = await attempt(source, options)
  const seconds = (performance.now() - startedAtMs) / 1000
  const shown = shownStatus(outcome.result?.status)
  const line = { text: `${shown.status} ${name}`, ...shown, seconds, ...place }
  const level = shown.color === 'green' ? 'info' : shown.color === 'yellow' ? 'warn' : 'error'
  log.event(level, fancyLine(line, log.lineOptions), { name: 'LogFreshnessResult', code: 'Q018' })
  return { source, ...outcome, seconds }
}

async function attempt(source: SourceNode, options: MeasureOptions): Promise<Pick<SourceOutcome, 'result' | 'error'>> {
  try {
    return { result: await measureFreshness(source, options) }
  } catch (error) {
    options.run.signal.throwIfAborted()
    const isStatement = EclusaError.isInstance(error) && error.code === 'WAREHOUSE_STATEMENT_FAILED'
    return { error: isStatement ? complaintOf(error, undefined) : formatError(error) }
  }
}

function shownStatus(status: FreshnessResult['status'] | undefined) {
  if (status === 'pass') return { status: 'PASS', color: 'green' } as const
  if (status === 'warn') return { status: 'WARN', color: 'yellow' } as const
  return { status: status === undefined ? 'ERROR' : 'ERROR STALE', color: 'red' } as const
}

function summarize({ log }: CommandSession, report: RunReport, outcomes: readonly SourceOutcome[]): number {
  const entries = [...report.outcomes.map(({ entry }) => entry), ...outcomes.map(({ source }) => source)]
  log.info('')
  log.info(finishedLine(entries, report.seconds))
  for (const { source, result, error } of outcomes) {
    if (error !== undefined) {
      log.info('')
      log.error(`  Runtime Error in source ${source.name} (${source.original_file_path})\n  ${error}`)
    } else if (result?.status === 'error') {
      log.info('')
      log.error(`Failure in source ${source.name} (${source.original_file_path})`)
      log.error('  Status: error')
    }
  }
  log.info('Done.')
  const hasFailed = outcomes.some(({ result }) => result === undefined || result.status === 'error')
  return hasFailed || report.outcomes.some(({ result }) => result.status === 'error') ? 1 : 0
}
