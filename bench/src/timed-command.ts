import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

/** What a command took from its start to its end. */
export interface CommandTimes {
  readonly wallSeconds: number
  /** User and system, of the command and what it started. */
  readonly cpuSeconds: number
  readonly peakRssMegabytes: number
}

const timer = '/usr/bin/time'
const mark = 'took:'

/**
 * Runs a command and has GNU time say what it took.
 *
 * @throws Error with what the command printed, when it fails or when there is no GNU time.
 */
export async function timeCommand(words: readonly string[], directory: string): Promise<CommandTimes> {
  if (!existsSync(timer)) throw new Error(`there is no ${timer}, which measures processor time and memory`)
  const child = spawn(timer, ['-f', `${mark} %e %U %S %M`, ...words], { cwd: directory })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [code] = (await once(child, 'close')) as [number | null]
  const figures = new RegExp(`${mark} (\\S+) (\\S+) (\\S+) (\\S+)`, 'u').exec(output)?.slice(1).map(Number)
  if (code !== 0 || figures === undefined) throw new Error(`${words.join(' ')} ended with ${code}:\n${output}`)
  const [wallSeconds = 0, user = 0, system = 0, kilobytes = 0] = figures
  return { wallSeconds, cpuSeconds: user + system, peakRssMegabytes: kilobytes / 1000 }
}
