import { cpus } from 'node:os'
import type { CpuInfo } from 'node:os'

/** Below three quarters of a core there is nothing to gain: the source and its server need the rest. */
const worthwhile = 0.75

/** How many cores had nothing to do lately, whoever else works on this machine. */
export class IdleCores {
  readonly #read: () => readonly Pick<CpuInfo, 'times'>[]
  #before: { readonly idle: number; readonly total: number }

  constructor(read: () => readonly Pick<CpuInfo, 'times'>[] = cpus) {
    this.#read = read
    this.#before = timesOf(read())
  }

  /** Whole cores since the last call, or since the beginning; 0 where the system does not tell. */
  count(): number {
    const infos = this.#read()
    const now = timesOf(infos)
    const { idle, total } = this.#before
    this.#before = now
    if (now.total === total) return 0
    return Math.floor(((now.idle - idle) / (now.total - total)) * infos.length + 1 - worthwhile)
  }
}

function timesOf(infos: readonly Pick<CpuInfo, 'times'>[]): { idle: number; total: number } {
  let idle = 0
  let total = 0
  for (const { times } of infos) {
    idle += times.idle
    total += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { idle, total }
}
