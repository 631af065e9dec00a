/*
 * Commands that move rows run with a small young generation. V8 lets it grow to 64 MB, most of which are objects that
 * are dead already, and which keep the memory of their batches: with 8 MB a load takes 30 to 90 MB less, in the same time
 * (decision 14). How large it may become is settled when a process starts, so such a command starts itself again in its
 * own place, before it has loaded anything: the same process id, the same terminal, some 40 ms later. So is how many heaps
 * the C library of Linux keeps: one for each thread, eight for each core, none of which gives anything back. Two are
 * another 55 MB less in a load of five million rows.
 */
const semiSpaceOption = '--max-semi-space-size'
const semiSpaceMiB = 4
/** Of glibc; others do not know it. */
const heaps = { MALLOC_ARENA_MAX: '2' }
const movingCommands = new Set(['run', 'resync', 'backfill'])
/** Options before a command that take the next word, as in program.ts, which is not loaded yet. */
const optionsWithValue = new Set(['-c', '--config', '--log-format'])

export interface StartedProcess {
  /** Node's executable and our file, then the words of the command line. */
  readonly argv: readonly string[]
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * What to start instead: Node's own options, our file, and the words. Undefined where the command moves no rows, or where
 * somebody, and be it ourselves, has said how large the young generation may be.
 */
export function smallerStart({ argv, execArgv, env }: StartedProcess): string[] | undefined {
  if (!movingCommands.has(commandOf(argv.slice(2)) ?? '')) return undefined
  const said = [env['NODE_OPTIONS'] ?? '', ...execArgv].join(' ').replaceAll('_', '-')
  return said.includes(semiSpaceOption)
    ? undefined
    : [...execArgv, `${semiSpaceOption}=${semiSpaceMiB}`, ...argv.slice(1)]
}

/** The first word that is neither an option nor the value of one. */
function commandOf(words: readonly string[]): string | undefined {
  return words.find((word, index) => !word.startsWith('-') && !optionsWithValue.has(words[index - 1] ?? ''))
}

/** Does not return when it starts the process again. Windows cannot replace a process, and keeps the one it has. */
export function startSmaller(): void {
  if (process.platform === 'win32' || typeof process.execve !== 'function') return
  const words = smallerStart(process)
  if (words !== undefined) process.execve(process.execPath, [process.argv0, ...words], { ...heaps, ...process.env })
}
