import { EclusaError, arrivesAsChanges, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import type { MissingStream, PresentStreams } from './resolve-catalog.ts'
import { matchesPattern } from './stream-selection.ts'

/** The streams of one run. */
export interface RunSelection {
  readonly streams: readonly ConfiguredStream[]
  readonly missing: readonly MissingStream[]
  /** Keys of streams that were not selected and are read all the same, as far as they were read before. */
  readonly companions: ReadonlySet<string>
}

/**
 * Replicated streams are read from one log, up to one position for all of them: to read on for one alone would lose the
 * changes of the others. So where one is selected, all are read.
 *
 * @throws STREAM_SELECTION_INVALID when a pattern selects none.
 */
export function selectForRun(present: PresentStreams, patterns: readonly string[] | undefined): RunSelection {
  if (patterns === undefined) return { ...present, companions: new Set() }
  const keys = [
    ...present.streams.map(({ stream }) => streamKey(stream)),
    ...present.missing.map(({ stream }) => stream),
  ]
  assertAllMatch(patterns, keys)
  const isSelected = (key: string) => patterns.some((pattern) => matchesPattern(pattern, key))
  const missing = present.missing.filter(({ stream }) => isSelected(stream))
  const selected = present.streams.filter(({ stream }) => isSelected(streamKey(stream)))
  if (!selected.some(arrivesAsChanges)) return { streams: selected, missing, companions: new Set() }
  const companions = present.streams.filter(
    (stream) => arrivesAsChanges(stream) && !isSelected(streamKey(stream.stream)),
  )
  return {
    streams: [...selected, ...companions],
    missing,
    companions: new Set(companions.map(({ stream }) => streamKey(stream))),
  }
}

/** @throws STREAM_SELECTION_INVALID naming the patterns that select none. */
export function assertAllMatch(patterns: readonly string[], keys: readonly string[]): void {
  const unmatched = patterns.filter((pattern) => !keys.some((key) => matchesPattern(pattern, key)))
  if (unmatched.length === 0) return
  const faults = unmatched.map((pattern) => `"${pattern}" selects none of the pipeline's streams`)
  throw new EclusaError('STREAM_SELECTION_INVALID', {
    message: `The selection is wrong:\n- ${faults.join('\n- ')}`,
    details: { faults },
  })
}
