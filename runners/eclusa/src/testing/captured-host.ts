import { PassThrough } from 'node:stream'
import type { CommandHost } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { createTerminal } from '../output/terminal.ts'
import { runCommandLine } from '../program.ts'

export interface CapturedOutput {
  readonly outcome: Outcome
  readonly stdout: string
  readonly stderr: string
}

/** A host that keeps what a command writes. */
export function captureHost(given: Pick<CommandHost, 'directory' | 'env'>): {
  host: CommandHost
  output: () => Omit<CapturedOutput, 'outcome'>
} {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const never = new AbortController().signal
  return {
    host: {
      ...given,
      terminal: createTerminal({ stdout: plainStream(stdout), stderr: plainStream(stderr), env: {} }),
      interruption: { stopSignal: never, abortSignal: never },
    },
    output: () => ({ stdout: textOf(stdout), stderr: textOf(stderr) }),
  }
}

/** No terminal, as a pipe is none. */
function plainStream(stream: PassThrough): NodeJS.WriteStream {
  return Object.assign(stream, { isTTY: false }) as unknown as NodeJS.WriteStream
}

function textOf(stream: PassThrough): string {
  const content = stream.setEncoding('utf8').read() as string | null
  return content ?? ''
}

/** Runs a command line within this process. What commander itself says (usage, help) is not captured. */
export async function runCaptured(
  words: readonly string[],
  given: Pick<CommandHost, 'directory' | 'env'>,
): Promise<CapturedOutput> {
  const { host, output } = captureHost(given)
  const outcome = await runCommandLine(words, host)
  return { outcome, ...output() }
}
