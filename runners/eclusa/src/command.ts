import process from 'node:process'
import { CommandContext } from './command-context.ts'
import type { CommandHost } from './command-context.ts'
import { exitCodes } from './exit-code.ts'
import { watchSignals } from './interruption.ts'
import { createTerminal } from './output/terminal.ts'
import { runCommandLine } from './program.ts'

const host: CommandHost = {
  terminal: createTerminal(process),
  interruption: watchSignals(() => process.exit(exitCodes.cancelled.code)),
  env: process.env,
  directory: process.cwd(),
}

/** Whoever reads our output may leave early, as `head` does. The work goes on; what would be written is dropped. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.on('uncaughtException', (error) => {
  const isDebug = process.argv.includes('--debug')
  new CommandContext(host, { logFormat: 'text', ...(isDebug ? { debug: true as const } : {}) }).fail(error)
  process.exit(exitCodes.failure.code)
})

process.exitCode = exitCodes[await runCommandLine(process.argv.slice(2), host)].code
