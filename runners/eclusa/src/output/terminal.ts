import { styleText } from 'node:util'
import { createLogUpdate } from 'log-update'

type Style = Parameters<typeof styleText>[0]
/** Colours a text where its stream shows colours: honours NO_COLOR, FORCE_COLOR and pipes. */
export type Paint = (style: Style, text: string) => string

/** The two places a command writes to: results on stdout, everything else on stderr. */
export interface Terminal {
  /** A person watches stderr, so lines may be rewritten. */
  readonly isInteractive: boolean
  /** Width of stderr in characters. */
  readonly columns: number
  /** Width of stdout where it is a terminal. */
  readonly resultColumns: number | undefined
  readonly paintResult: Paint
  readonly paintNote: Paint
  /** Writes a result and a line break to stdout. */
  print(text: string): void
  /** Writes a line to stderr, above the live lines if there are any. */
  note(text: string): void
  /** Replaces the live lines at the bottom of stderr. Only for an interactive terminal. */
  live(lines: readonly string[]): void
  /** Takes the live lines away. */
  endLive(): void
}

export interface TerminalStreams {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
}

const columnsDefault = 80

function paintOn(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream })
}

export function createTerminal({ stdout, stderr, env }: TerminalStreams): Terminal {
  const isInteractive = stderr.isTTY && env['TERM'] !== 'dumb' && env['CI'] === undefined
  let block: ReturnType<typeof createLogUpdate> | undefined
  return {
    isInteractive,
    get columns() {
      return stderr.columns ?? columnsDefault
    },
    get resultColumns() {
      return stdout.isTTY ? stdout.columns : undefined
    },
    paintResult: paintOn(stdout),
    paintNote: paintOn(stderr),
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => {
      if (block === undefined) stderr.write(`${text}\n`)
      else block.persist(text)
    },
    live: (lines) => {
      block ??= createLogUpdate(stderr)
      block(lines.join('\n'))
    },
    endLive: () => {
      block?.clear()
      block?.done()
      block = undefined
    },
  }
}
