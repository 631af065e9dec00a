import type { Measurement } from './measurement.ts'

/** A case measured against its limit, in pairs: A B A B, so that a machine that slows down slows both. */
export interface Comparison {
  readonly name: string
  readonly goal: string
  readonly ratio: Spread
  readonly rowsPerSecond: number
  readonly megabytesPerSecond: number
  readonly cpuUsPerRow: number
  readonly serverCpuUsPerRow: number
  /** Of the server's time, to what the limit takes of it. */
  readonly serverCpuRatio: number
  readonly peakRssMegabytes: number
  readonly limitRowsPerSecond: number
}

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export interface Pair {
  readonly limit: Measurement
  readonly measured: Measurement
}

export function compare(facts: {
  readonly name: string
  readonly goal: string
  readonly bytes: number
  readonly pairs: readonly Pair[]
}): Comparison {
  const { name, goal, bytes, pairs } = facts
  const medianOf = (pick: (pair: Pair) => number) => spreadOf(pairs.map(pick)).median
  const wallSeconds = medianOf(({ measured }) => measured.wallMs) / 1000
  const { rows } = pairs[0]!.measured
  return {
    name,
    goal,
    ratio: spreadOf(pairs.map(({ limit, measured }) => limit.wallMs / measured.wallMs)),
    rowsPerSecond: rows / wallSeconds,
    megabytesPerSecond: bytes / 1e6 / wallSeconds,
    cpuUsPerRow: (medianOf(({ measured }) => measured.cpuMs) * 1000) / rows,
    serverCpuUsPerRow: (medianOf(({ measured }) => measured.serverCpuMs) * 1000) / rows,
    serverCpuRatio: medianOf(({ limit, measured }) => measured.serverCpuMs / limit.serverCpuMs),
    peakRssMegabytes: Math.max(...pairs.map(({ measured }) => measured.peakRssBytes)) / 1e6,
    limitRowsPerSecond: pairs[0]!.limit.rows / (medianOf(({ limit }) => limit.wallMs) / 1000),
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { min: sorted[0]!, median, max: sorted.at(-1)! }
}
