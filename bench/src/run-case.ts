import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Measurement } from './measurement.ts'
import { serverCpuMs } from './server-cpu.ts'

/** What the command starts its runs with (docs/decisions/0014). */
const youngGeneration = '--max-semi-space-size=4'
const heaps = { MALLOC_ARENA_MAX: '2' }

/** Runs a case in a process of its own, so that its memory is its own too. */
export async function runCase(name: string, args: readonly string[], postmasterPid: number): Promise<Measurement> {
  const before = await serverCpuMs(postmasterPid)
  const words = [youngGeneration, path.join(import.meta.dirname, 'cases', `${name}.ts`), ...args]
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...heaps, ...process.env },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`the case ${name} ended with ${code}`)
  const measured = JSON.parse(output.trim().split('\n').at(-1)!) as Omit<Measurement, 'serverCpuMs'>
  return { ...measured, serverCpuMs: (await serverCpuMs(postmasterPid)) - before }
}
