import { streamKey } from '@eclusa/sdk'
import type { ChangeBatch, StreamName, UnheldValues } from '@eclusa/sdk'

/** What one run has moved of one stream. `bytes` are Arrow bytes. */
export interface StreamTally {
  readonly stream: StreamName
  rows: number
  bytes: number
  /** Those of the source as they are read, those of the destination as they are committed. */
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
  /** Streams whose start belongs to the commit that comes next. */
  readonly #starting = new Set<string>()
  readonly #durable = new Set<string>()
  #hasCommitted = false

  /** A stream that goes on where an earlier attempt of this run stopped keeps what that attempt committed. */
  start(stream: StreamName, options: { readonly resumed: boolean; readonly nowMs: number }): void {
    const key = streamKey(stream)
    const before = this.#streams.get(key)
    this.#starting.add(key)
    if (!options.resumed) this.#durable.delete(key)
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

  /** True once this run has made anything durable. */
  get hasCommitted(): boolean {
    return this.#hasCommitted
  }

  markCommitted(): void {
    this.#hasCommitted = true
    for (const key of this.#starting) this.#durable.add(key)
    this.#starting.clear()
    for (const [key, { rows, bytes, unrepresentable }] of this.#streams)
      this.#committed.set(key, { rows, bytes, unrepresentable })
  }

  /** True once this run has made the stream's start durable, with or without rows. */
  isDurable(stream: StreamName): boolean {
    return this.#durable.has(streamKey(stream))
  }

  /** For what no stream's start stands for: the state that the replicated streams share. */
  markDurable(stream: StreamName): void {
    this.#durable.add(streamKey(stream))
  }

  /** True once this run has made durable that the stream was read to its end. */
  isCompleted(stream: StreamName): boolean {
    return this.#streams.get(streamKey(stream))?.status === 'completed'
  }

  /** Takes back what was counted since the last commit: the destination has discarded it. */
  rollback(): void {
    this.#starting.clear()
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

  /** Counts values that only the destination could not hold: it tells of them when it has committed them. */
  addUnheld(unheld: readonly UnheldValues[]): void {
    for (const { stream, values } of unheld) this.of(stream).unrepresentable += values
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
