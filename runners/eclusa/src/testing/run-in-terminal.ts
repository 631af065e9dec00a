import { spawn, spawnSync } from 'node:child_process'
import { cliCommand, cliEnvironment } from './run-cli.ts'
import type { CliOptions } from './run-cli.ts'

/** The `script` of util-linux gives a process a terminal; other systems' takes other words. */
export const hasTerminals =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false

export interface TerminalOptions extends Pick<CliOptions, 'directory' | 'env'> {
  /** What to type, each when its text has appeared since the last one was typed. */
  readonly answers?: readonly { readonly at: string; readonly type: string }[]
}

/** Runs the real command at a terminal of 100 by 40 characters. @returns everything it drew. */
export async function runInTerminal(
  words: string,
  options: TerminalOptions = {},
): Promise<{ code: number | null; screen: string }> {
  const child = spawn('script', ['-qec', `stty cols 100 rows 40; ${cliCommand()} ${words}`, '/dev/null'], {
    cwd: options.directory,
    env: cliEnvironment({ TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = [...(options.answers ?? [])]
  let screen = ''
  let unread = ''
  child.stdout.on('data', (part: Buffer) => {
    screen += part.toString()
    unread += part.toString()
    const next = answers[0]
    if (next === undefined || !unread.includes(next.at)) return
    answers.shift()
    unread = ''
    child.stdin.write(next.type)
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, screen }
}
