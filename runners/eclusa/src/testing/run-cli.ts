import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export const mainFile = join(import.meta.dirname, '../main.ts')

export interface CliOptions {
  readonly directory?: string
  /** Added to a small environment without colours; nothing of the test's own environment but PATH and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Called once the process runs, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void
}

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the real command in a process of its own. */
export async function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [mainFile, ...words], {
    cwd: options.directory,
    env: cliEnvironment(options.env),
    stdio: 'pipe',
  })
  child.stdin.end(options.stdin ?? '')
  options.onStart?.(child)
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

export function cliEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH = '', TMPDIR } = process.env
  return { PATH, HOME: '/nonexistent', ...(TMPDIR === undefined ? {} : { TMPDIR }), ...added }
}

/** The words by which a user would call the command in a shell. */
export function cliCommand(): string {
  return `'${process.execPath}' '${mainFile}'`
}
