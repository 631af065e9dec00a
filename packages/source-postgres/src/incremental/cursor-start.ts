import type { CursorState } from '../checkpoint-state.ts'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { cursorOf } from './cursor.ts'

/** The cursor state after a copy of the whole: the greatest position in the snapshot that was copied. */
export async function startCursorState(run: ReadRun, stream: SourceStream): Promise<CursorState> {
  const cursor = cursorOf(stream, run.guardOf(stream))
  const [reader] = await run.readers(1)
  await reader!.begin(stream)
  const greatest = `(SELECT ${cursor.sql} FROM ${stream.fromSql} WHERE ${cursor.isPositionSql} ORDER BY ${cursor.sql} DESC LIMIT 1)`
  const [row] = await reader!.session.query<{ value: string | null }>(
    `SELECT (SELECT ${cursor.textSql} FROM ${greatest} AS greatest) AS value`,
    { attempt: reader!.attempt(stream) },
  )
  await reader!.release()
  return { version: 1, phase: 'incremental', guard: 'cursor', column: cursor.column, value: row?.value ?? null }
}
