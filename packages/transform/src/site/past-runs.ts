import { isRecord } from '../manifest/node-config.ts'
import type { RunResult } from '../manifest/run-result.ts'

/** A run as the site keeps it: run_results.json holds one alone. */
export interface PastRun {
  readonly invocationId: string
  /** ISO 8601. */
  readonly at: string
  readonly command: string
  readonly seconds: number
  readonly results: Readonly<Record<string, PastResult>>
  /** Only of the newest, which run_results.json still tells. */
  readonly details?: ReadonlyMap<string, RunResult>
}

export type PastResult = readonly [status: string, seconds: number]

/** run_results.json, as far as it is read here. */
export interface RunResultsFile {
  readonly metadata?: { readonly invocation_id?: string | null; readonly generated_at?: string }
  readonly args?: { readonly which?: string }
  readonly elapsed_time?: number
  readonly results: readonly RunResult[]
}

const runsKeptMax = 10
/** Commands that run nothing, though dbt writes results of them. */
const withoutRuns = new Set(['compile', 'generate', 'docs generate', 'parse', 'ls', 'list', 'show', 'run-operation'])

/** The runs that are known with the last one among them, newest first. */
export function withLastRun(earlier: readonly PastRun[], file: RunResultsFile | undefined): PastRun[] {
  const last = file === undefined ? undefined : pastRunOf(file)
  if (last === undefined) return earlier.slice(0, runsKeptMax)
  const others = earlier.filter(({ invocationId }) => invocationId !== last.invocationId)
  return [last, ...others].toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, runsKeptMax)
}

function pastRunOf({ metadata, args, elapsed_time: seconds, results }: RunResultsFile): PastRun | undefined {
  const command = args?.which ?? 'run'
  if (withoutRuns.has(command) || results.length === 0) return undefined
  return {
    invocationId: metadata?.invocation_id ?? '',
    at: metadata?.generated_at ?? '',
    command,
    seconds: seconds ?? 0,
    results: Object.fromEntries(
      results.map(({ unique_id: id, status, execution_time: time }) => [id, [status, rounded(time)]]),
    ),
    details: new Map(results.map((result) => [result.unique_id, result])),
  }
}

/** To milliseconds. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

/** What `runsText` wrote. A text that nobody can read is no run: the site is not worth failing for it. */
export function readRuns(text: string): PastRun[] {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) && Array.isArray(value['runs']) ? (value['runs'] as PastRun[]) : []
  } catch {
    return []
  }
}

export function runsText(runs: readonly PastRun[]): string {
  return JSON.stringify({ runs: runs.map(({ details: _details, ...run }) => run) })
}
