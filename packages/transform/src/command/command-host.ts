/** What a process gives to a command: tests hand in their own. */
export interface CommandHost {
  /** Words before the command, for help and messages: `eclusa transform`. */
  readonly program: string
  /** The working directory. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether lines may be coloured where nothing says otherwise. */
  readonly hasColors: boolean
  /** Writes one line of output. */
  write(line: string): void
  readonly signal: AbortSignal
}
