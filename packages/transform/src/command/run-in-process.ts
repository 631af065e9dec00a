import process from 'node:process'
import { runCommand } from './run-command.ts'

/**
 * Runs a command line of dbt for this process: lines go to stdout, Ctrl-C cancels what runs, a second one ends at once.
 *
 * @param program what it is called in help: `eclusa-transform`.
 * @returns the exit code: 0, 1 or 2 as of dbt.
 */
export async function runInProcess(program: string, words: readonly string[]): Promise<number> {
  const interruption = new AbortController()
  const interrupt = () => {
    if (interruption.signal.aborted) process.exit(130)
    interruption.abort()
  }
  const hasColors = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  // Whoever reads our output may leave early, as `head` does: the work goes on, what would be written is dropped.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    return await runCommand(words, {
      program,
      directory: process.cwd(),
      environment: process.env,
      hasColors,
      write: (line) => process.stdout.write(`${line}\n`),
      signal: interruption.signal,
    })
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
