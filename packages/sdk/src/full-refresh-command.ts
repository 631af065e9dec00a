import { streamKey } from './stream.ts'
import type { StreamName } from './stream.ts'

/** The command that forgets how far a stream was read and reads it from its first row, ready for a shell. */
export function fullRefreshCommand(stream: StreamName): string {
  const key = streamKey(stream)
  const argument = /^[\w.-]+$/u.test(key) ? key : `'${key.replaceAll("'", String.raw`'\''`)}'`
  return `eclusa run --full-refresh --select ${argument}`
}
