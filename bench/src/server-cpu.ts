import { readFile, readdir } from 'node:fs/promises'

/**
 * Processor milliseconds that a PostgreSQL server has used so far, all its processes together, ended ones included.
 * Linux only; 0 elsewhere.
 */
export async function serverCpuMs(postmasterPid: number): Promise<number> {
  if (process.platform !== 'linux') return 0
  const stats = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/u.test(name)).map(readStat))
  const server = stats.filter(
    (stat) => stat !== undefined && (stat.pid === postmasterPid || stat.parentPid === postmasterPid),
  )
  const ticks = server.reduce(
    (sum, stat) => sum + stat!.ticks + (stat!.pid === postmasterPid ? stat!.childTicks : 0),
    0,
  )
  return ticks * msPerTick
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const msPerTick = 10

interface ProcessStat {
  readonly pid: number
  readonly parentPid: number
  readonly ticks: number
  /** Of children that have ended and were waited for. */
  readonly childTicks: number
}

async function readStat(pid: string): Promise<ProcessStat | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The command's name is in parentheses and may hold anything; fields count from behind it.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [parentPid, userTicks, systemTicks, childUserTicks, childSystemTicks] = [
      fields[1]!,
      fields[11]!,
      fields[12]!,
      fields[13]!,
      fields[14]!,
    ]
    return {
      pid: Number(pid),
      parentPid,
      ticks: userTicks + systemTicks,
      childTicks: childUserTicks + childSystemTicks,
    }
  } catch {
    return undefined
  }
}
