import { runArguments, writeRunResults } from '../artifact/run-results.ts'
import type { LoadedProject } from '../load-project.ts'
import type { RunResult } from '../manifest/run-result.ts'
import type { CommandSession } from './command-session.ts'

export interface WriteResultsOptions {
  /** What `args.which` of the file names, by which `retry` goes: `generate` for `docs generate`. */
  readonly which: string
  readonly results: readonly RunResult[]
  readonly elapsedSeconds: number
  /** Further arguments of the command. */
  readonly args?: Readonly<Record<string, unknown>>
}

/** Writes run_results.json, unless `--no-write-json` says not to. */
export async function writeResults(
  { host, settings, startedAt, targetFolder, invocationCommand }: CommandSession,
  { scope }: LoadedProject,
  { which, results, elapsedSeconds, args = {} }: WriteResultsOptions,
): Promise<void> {
  if (!settings.isOn('write_json')) return
  await writeRunResults({
    invocationId: scope.invocationId,
    startedAt,
    environment: host.environment,
    targetFolder,
    results,
    elapsedSeconds,
    args: { ...runArguments(settings.flags, { which, invocationCommand }), ...args },
  })
}
