import { streamKey } from './stream.ts'
import type { StreamName } from './stream.ts'

/** The command that forgets how far a stream was read and reads it from its first row, ready for a shell. */
export function fullRefreshCommand(stream: StreamName): string {
  return `eclusa run --full-refresh --select ${shellWord(streamKey(stream))}`
}

/** The command that reads columns of a replicated stream again in all rows, ready for a shell. */
export function backfillCommand(stream: StreamName, columns: readonly string[]): string {
  return ['eclusa backfill', ...[streamKey(stream), ...columns].map(shellWord)].join(' ')
}

function shellWord(text: string): string {
  return /^[\w.-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
