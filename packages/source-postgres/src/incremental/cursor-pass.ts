import type { SourceMessage } from '@eclusa/sdk'
import { stateJson } from '../checkpoint-state.ts'
import type { CursorState } from '../checkpoint-state.ts'
import type { TextBatchBuilder } from '../codec/text-rows.ts'
import type { PartReader } from '../copy/part-reader.ts'
import { batchBuilder, readRows } from '../query-stream/read-query.ts'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { quoteIdentifier } from '../sql-text.ts'
import { afterCursor, cursorOf } from './cursor.ts'
import type { Cursor } from './cursor.ts'

/** Rows between two checkpoints, at least: a checkpoint ends a batch, and small batches are slow. */
const checkpointRowsMin = 32_768

/**
 * Reads what lies after the remembered cursor value, in the cursor's order. A checkpoint stands only between two
 * different values: all rows up to the first of them are then read, however many share it.
 */
export async function* readAfterCursor(
  run: ReadRun,
  stream: SourceStream,
  state: CursorState,
): AsyncGenerator<SourceMessage, void, undefined> {
  const guard = run.guardOf(stream)
  const cursor = cursorOf(stream, guard)
  const [reader] = await run.readers(1)
  await reader!.begin(stream)
  await warnOfPositionless(run, stream, cursor, reader!)
  const after = afterCursor(cursor, state.value, { guard, config: run.config })
  const columns = stream.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const runs = readRows({
    session: reader!.session,
    // ORDER BY looks at names of the result first: unnamed, the text would be named like the column and order in its place.
    sql: `SELECT ${columns}, ${cursor.textSql} AS "?position?" FROM ${stream.fromSql} WHERE ${after} ORDER BY ${cursor.sql}`,
    attempt: reader!.attempt(stream),
    budget: run.budget,
  })
  const builder = batchBuilder({ stream, budget: run.budget, pool: run.pool })
  let last = state.value
  let rowsSinceCheckpoint = 0
  for await (const rows of runs) {
    for (const row of rows) {
      const value = row.pop() ?? null
      if (value !== last && cursor.hasExactText && rowsSinceCheckpoint >= checkpointRowsMin) {
        yield* lastBatch(builder)
        yield checkpoint(stream, { ...state, value: last })
        rowsSinceCheckpoint = 0
      }
      last = value
      rowsSinceCheckpoint++
      for (const batch of builder.append(row)) yield { type: 'batch', batch }
    }
  }
  yield* lastBatch(builder)
  await reader!.release()
  yield { type: 'stream_completed', stream: stream.configured.stream }
  yield checkpoint(stream, { ...state, value: last })
}

function* lastBatch(builder: TextBatchBuilder): Generator<SourceMessage> {
  const batch = builder.finish()
  if (batch !== undefined) yield { type: 'batch', batch }
}

function checkpoint(stream: SourceStream, state: CursorState): SourceMessage {
  return { type: 'checkpoint', checkpoints: [{ stream: stream.configured.stream, state: stateJson(state) }] }
}

/** Rows whose cursor is no position were read by the first sync; that later ones are left out must not go unsaid. */
async function warnOfPositionless(
  run: ReadRun,
  stream: SourceStream,
  cursor: Cursor,
  reader: PartReader,
): Promise<void> {
  if (stream.relation?.kind !== 'table' && stream.relation?.kind !== 'partitioned_table') return
  if (!cursor.nullable && cursor.kind === 'other') return
  const [row] = await reader.session.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ${stream.fromSql} WHERE (${cursor.isPositionSql}) IS NOT TRUE) AS found`,
    { attempt: reader.attempt(stream) },
  )
  if (row?.found !== true) return
  run.log.warn(
    'Rows whose cursor is NULL, NaN or infinite are read by the first sync only; cursor_guard xmin reads them.',
    {
      stream: stream.key,
      cursor: cursor.column,
    },
  )
}
