/** What one child process did, by its own account (rows) and by the operating system's (the rest). */
export interface Measurement {
  readonly rows: number
  /** Wall time of the work alone, without starting the process. */
  readonly wallMs: number
  /** Processor time of the child, user and system, during the work. */
  readonly cpuMs: number
  /** Processor time of the PostgreSQL server's processes during the work; 0 where it was not asked. */
  readonly serverCpuMs: number
  readonly peakRssBytes: number
}

/** Prints a measurement for the parent to read; the last thing a case does. */
export function report(measurement: Omit<Measurement, 'serverCpuMs'>): void {
  process.stdout.write(`${JSON.stringify(measurement)}\n`)
}

/** Times `work`, which returns the number of rows it moved. */
export async function measure(work: () => Promise<number>): Promise<Omit<Measurement, 'serverCpuMs'>> {
  const cpu = process.cpuUsage()
  const startedAtMs = performance.now()
  const rows = await work()
  const wallMs = performance.now() - startedAtMs
  const { user, system } = process.cpuUsage(cpu)
  return { rows, wallMs, cpuMs: (user + system) / 1000, peakRssBytes: process.resourceUsage().maxRSS * 1024 }
}
