import { streamKey } from '@eclusa/sdk'
import type { ChangeBatch, StreamName } from '@eclusa/sdk'

/** What one run has moved of one stream. `bytes` are Arrow bytes. */
export interface StreamTally {
  readonly stream: StreamName
  rows: number
  bytes: number
  unrepresentable: number
  startedAtMs: number
  durationMs: number
  status: 'running' | 'completed' | 'failed'
}

interface Counts {
  readonly rows: number
  readonly bytes: number
  readonly unrepresentable: number
}

const nothing: Counts = { rows: 0, bytes: 0, unrepresentable: 0 }

/** Counts of a run, per stream and in all. */
export class Tally {
  readonly #streams = new Map<string, StreamTally>()
  readonly #committed = new Map<string, Counts>()

  /** A stream that goes on where an earlier attempt of this run stopped keeps what that attempt committed. */
  start(stream: StreamName, options: { readonly resumed: boolean; readonly nowMs: number }): void {
    const key = streamKey(stream)
    const before = this.#streams.get(key)
    if (before !== undefined && options.resumed) return
    this.#committed.delete(key)
    this.#streams.set(key, {
      stream,
      ...nothing,
      startedAtMs: before?.startedAtMs ?? options.nowMs,
      durationMs: 0,
      status: 'running',
    })
  }

  markCommitted(): void {
    for (const [key, { rows, bytes, unrepresentable }] of this.#streams)
      this.#committed.set(key, { rows, bytes, unrepresentable })
  }

  /** Takes back what was counted since the last commit: the destination has discarded it. */
  rollback(): void {
    for (const [key, tally] of this.#streams) Object.assign(tally, this.#committed.get(key) ?? nothing)
  }

  of(stream: StreamName): StreamTally {
    const tally = this.#streams.get(streamKey(stream))
    if (tally === undefined) throw new Error(`stream ${streamKey(stream)} was counted before it started`)
    return tally
  }

  add(batch: ChangeBatch): StreamTally {
    const tally = this.of(batch.stream)
    tally.rows += batch.records.numRows
    tally.bytes += batch.byteLength
    tally.unrepresentable += batch.unrepresentable.length
    return tally
  }

  /** Takes the time when a stream was read to its end: how long its last commit waits for others says nothing of it. */
  markRead(stream: StreamName, nowMs: number): void {
    const tally = this.of(stream)
    tally.durationMs = Math.max(1, nowMs - tally.startedAtMs)
  }

  end(stream: StreamName, status: 'completed' | 'failed', nowMs: number): StreamTally {
    if (!this.#streams.has(streamKey(stream))) this.start(stream, { resumed: false, nowMs })
    const tally = this.of(stream)
    tally.status = status
    if (tally.durationMs === 0) tally.durationMs = nowMs - tally.startedAtMs
    return tally
  }

  streams(): StreamTally[] {
    return [...this.#streams.values()]
  }

  totals(): { rows: number; bytes: number; unrepresentable: number } {
    const sum = (pick: (tally: StreamTally) => number) =>
      this.streams().reduce((total, tally) => total + pick(tally), 0)
    return {
      rows: sum((tally) => tally.rows),
      bytes: sum((tally) => tally.bytes),
      unrepresentable: sum((tally) => tally.unrepresentable),
    }
  }
}
