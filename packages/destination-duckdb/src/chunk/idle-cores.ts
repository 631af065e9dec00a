import { cpus } from 'node:os'
import type { CpuInfo } from 'node:os'

/** Below three quarters of a core there is nothing to gain: the source and its server need the rest. */
const worthwhile = 0.75
/** A source and a destination that wait for each other in turn make cores look idle for some milliseconds. */
const windowMs = 2_000

interface Sample {
  readonly idle: number
  readonly total: number
  readonly atMs: number
}

/** How many cores had nothing to do lately, whoever else works on this machine. */
export class IdleCores {
  readonly #read: () => readonly Pick<CpuInfo, 'times'>[]
  readonly #nowMs: () => number
  /** Oldest first; the first one is the beginning, or about as old as the window is long. */
  readonly #samples: Sample[]

  constructor(read: () => readonly Pick<CpuInfo, 'times'>[] = cpus, nowMs = () => performance.now()) {
    this.#read = read
    this.#nowMs = nowMs
    this.#samples = [sampleOf(read(), nowMs())]
  }

  /** Whole cores in the last two seconds; 0 where the system does not tell. */
  count(): number {
    const infos = this.#read()
    const now = sampleOf(infos, this.#nowMs())
    this.#samples.push(now)
    while (this.#samples.length > 1 && this.#samples[1]!.atMs <= now.atMs - windowMs) this.#samples.shift()
    const { idle, total } = this.#samples[0]!
    if (now.total === total) return 0
    return Math.floor(((now.idle - idle) / (now.total - total)) * infos.length + 1 - worthwhile)
  }
}

function sampleOf(infos: readonly Pick<CpuInfo, 'times'>[], atMs: number): Sample {
  let idle = 0
  let total = 0
  for (const { times } of infos) {
    idle += times.idle
    total += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { idle, total, atMs }
}
