import { EclusaError } from '@eclusa/sdk'
import type { RunResult } from '@eclusa/pipeline'

/** How a command can end: its exit code and what that says. Shown by `--help` and in docs/reference/cli.md. */
export const exitCodes = {
  ok: { code: 0, meaning: 'everything was done' },
  failure: { code: 1, meaning: 'something failed; running again may help' },
  configuration: { code: 2, meaning: 'the command line, the configuration or an account must be corrected first' },
  check_failed: { code: 3, meaning: 'a check or a test found something wrong' },
  partial: { code: 4, meaning: 'some streams were moved, others failed' },
  cancelled: { code: 130, meaning: 'stopped by Ctrl-C or a signal; what was committed stays' },
} as const

export type Outcome = keyof typeof exitCodes

export function outcomeOfError(error: unknown): Outcome {
  if (!EclusaError.isInstance(error)) return 'failure'
  if (error.code === 'CANCELLED') return 'cancelled'
  return error.failureType === 'config_error' ? 'configuration' : 'failure'
}

/**
 * A run that failed without an error did so because a step found something wrong. Streams that all failed may each have
 * done so for another reason: that is a failure, whatever the first one's is.
 */
export function outcomeOfRun({
  status,
  error,
  streamFailures,
}: Pick<RunResult, 'status' | 'error' | 'streamFailures'>): Outcome {
  if (status === 'succeeded') return 'ok'
  if (status !== 'failed') return status
  if (streamFailures.some((failure) => failure.error === error)) return 'failure'
  return error === undefined ? 'check_failed' : outcomeOfError(error)
}
