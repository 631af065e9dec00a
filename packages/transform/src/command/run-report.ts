import type { CommandLog } from './command-log.ts'
import { hookEndLine, hookStartLine } from './hook-lines.ts'
import { asideLine, cancelLine, resultLine, startLine } from './node-lines.ts'
import type { NodeLineOptions } from './node-lines.ts'
import { countsLine, endLines, exitCodeOf, finishedLine } from './run-summary.ts'
import type { RunOutcome } from './run-summary.ts'
import type { RunEvent } from '../run/run-event.ts'

export interface RunReportOptions {
  readonly log: CommandLog
  /** The target's. */
  readonly database: string
  /** Where a node's compiled SQL was written, within the project. */
  compiledPathOf(id: string): string | undefined
}

/** Tells of a run in dbt's words while it goes on, and sums it up at its end. */
export class RunReport {
  readonly outcomes: RunOutcome[] = []
  readonly #options: RunReportOptions
  readonly #lines: NodeLineOptions
  readonly #startedAtMs = performance.now()
  #section: 'nodes' | 'hooks' | undefined

  constructor(options: RunReportOptions) {
    this.#options = options
    this.#lines = { ...options.log.lineOptions, database: options.database }
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000
  }

  begin(threads: number, targetName: string): void {
    const { log } = this.#options
    log.info('')
    log.event('info', `Concurrency: ${threads} threads (target='${targetName}')`, {
      name: 'ConcurrencyLine',
      code: 'Q027',
      data: { num_threads: threads, target_name: targetName },
    })
    log.info('')
  }

  tell(event: RunEvent): void {
    const { log } = this.#options
    switch (event.type) {
      case 'started': {
        this.#enter('nodes')
        const line = startLine(event.node, event, this.#lines)
        if (line !== undefined) log.event('info', line, { name: 'LogStartLine', code: 'Q011', data: nodeData(event) })
        return
      }
      case 'finished':
        this.#enter('nodes')
        this.#tellResult(event)
        return
      case 'built aside':
        log.event('info', asideLine(event.node, event, this.#lines), {
          name: 'LogModelAside',
          code: 'Q012',
          data: nodeData(event),
        })
        return
      case 'hook':
        this.#enter('hooks')
        log.info(hookStartLine(event.name, event, this.#lines))
        log.info(hookEndLine(event, event, this.#lines))
        this.outcomes.push({ entry: event.node, result: event.result })
        return
      case 'log':
        log[event.level](event.message)
    }
  }

  /** An empty line stands between hooks and nodes. */
  #enter(section: 'nodes' | 'hooks'): void {
    if (this.#section !== undefined && this.#section !== section) this.#options.log.info('')
    this.#section = section
  }

  #tellResult(event: Extract<RunEvent, { readonly type: 'finished' }>): void {
    const { node: entry, result } = event
    if (isCancelled(event)) {
      this.#tellCancelled(event)
      return
    }
    const compiledPath = result.compiled === true ? this.#options.compiledPathOf(entry.unique_id) : undefined
    this.outcomes.push({
      entry: compiledPath === undefined ? entry : { ...entry, compiled_path: compiledPath },
      result: isSkippedForParent(event) ? { ...result, message: null } : result,
    })
    const level =
      result.status === 'error' || result.status === 'fail' ? 'error' : result.status === 'warn' ? 'warn' : 'info'
    const facts = resultEvents[entry.resource_type] ?? { name: 'LogModelResult', code: 'Q012' }
    this.#options.log.event(level, resultLine(entry, result, event, this.#lines), {
      ...facts,
      data: { ...nodeData(event), status: result.status, execution_time: result.execution_time },
    })
    this.#tellReason(event)
  }

  /** Why some windows of a microbatch model failed, which its result, of the others too, does not say. */
  #tellReason({ node, result, error }: Extract<RunEvent, { readonly type: 'finished' }>): void {
    if (result.status === 'partial success' && error !== undefined) {
      this.#options.log.error(`Failure in a batch of ${node.resource_type} ${node.name}:\n  ${error.message}`)
    }
  }

  /** What was cancelled, or not begun for that, has not failed: `retry` runs it as what was skipped. */
  #tellCancelled(event: Extract<RunEvent, { readonly type: 'finished' }>): void {
    const { node: entry, result } = event
    this.outcomes.push({ entry, result: { ...result, status: 'skipped', message: null } })
    if (result.status !== 'skipped') this.#options.log.event('error', cancelLine(entry, this.#lines))
  }

  /** The end of a run that was interrupted. */
  endInterrupted(): void {
    const { log } = this.#options
    log.info('')
    log.info(this.#lines.paint('yellow', 'Exited because of keyboard interrupt'))
    log.info('')
    log.info(countsLine(this.outcomes.map(({ result }) => result)))
  }

  /** @returns dbt's exit code. */
  end(): 0 | 1 {
    const { log } = this.#options
    log.info('')
    log.info(
      finishedLine(
        this.outcomes.map(({ entry }) => entry),
        this.seconds,
      ),
    )
    for (const { level, text } of endLines(this.outcomes, this.#lines.paint)) log.event(level, text)
    return exitCodeOf(this.outcomes)
  }
}

const resultEvents: Readonly<Record<string, { readonly name: string; readonly code: string }>> = {
  test: { name: 'LogTestResult', code: 'Q007' },
  unit_test: { name: 'LogTestResult', code: 'Q007' },
  snapshot: { name: 'LogSnapshotResult', code: 'Q015' },
  seed: { name: 'LogSeedResult', code: 'Q016' },
  exposure: { name: 'LogNodeNoOpResult', code: 'Q019' },
  saved_query: { name: 'LogNodeNoOpResult', code: 'Q019' },
}

function isCancelled({ result, error }: Extract<RunEvent, { readonly type: 'finished' }>): boolean {
  return error?.code === 'CANCELLED' || (result.status === 'skipped' && result.message === cancellation)
}

const cancellation = 'Skipping due to cancellation'

/** dbt gives no reason for what is skipped because of what it depends on. */
function isSkippedForParent({ result }: Extract<RunEvent, { readonly type: 'finished' }>): boolean {
  return result.status === 'skipped' && !/fail_fast|^Compilation Error/u.test(result.message ?? '')
}

function nodeData({
  node,
  index,
  total,
}: Extract<RunEvent, { readonly type: 'started' | 'finished' | 'built aside' }>) {
  const { unique_id, name, resource_type, original_file_path } = node
  return { index, total, node_info: { unique_id, node_name: name, resource_type, node_path: original_file_path } }
}
