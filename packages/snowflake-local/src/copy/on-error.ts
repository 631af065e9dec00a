import { compilationError } from '../engine/sql-error.ts'
import { optionText } from '../parse/ast-option.ts'
import type { Options } from '../parse/ast-option.ts'

/** What happens to a file with rows that cannot be loaded. */
export interface OnError {
  readonly kind: 'ABORT_STATEMENT' | 'CONTINUE' | 'SKIP_FILE'
  /** Fewest errors that skip the file. */
  readonly errorLimit: (rowsParsed: number) => number
}

export function onErrorOf(options: Options): OnError {
  const word = (optionText(options.get('ON_ERROR')) ?? 'ABORT_STATEMENT').toUpperCase()
  if (word === 'ABORT_STATEMENT') return { kind: word, errorLimit: () => 1 }
  if (word === 'CONTINUE') return { kind: word, errorLimit: (rows) => Math.max(rows, 1) }
  const skip = /^SKIP_FILE(?:_(\d+)(%)?)?$/u.exec(word)
  if (skip === null) throw compilationError('001003', '42000', `syntax error: invalid value '${word}' for ON_ERROR`)
  const count = Number(skip[1] ?? 1)
  const isShare = skip[2] === '%'
  return {
    kind: 'SKIP_FILE',
    errorLimit: (rows) => (isShare ? Math.max(1, Math.ceil((rows * count) / 100)) : Math.max(count, 1)),
  }
}
