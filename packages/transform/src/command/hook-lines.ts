import { fancyLine } from './fancy-line.ts'
import type { LineOptions } from './fancy-line.ts'
import type { NodePlace } from './node-lines.ts'

export interface HookEnd {
  readonly name: string
  /** `success`, `skipped` or anything else for a failure. */
  readonly status: string
  readonly seconds: number
}

export function hookStartLine(name: string, { index, total }: NodePlace, options: LineOptions): string {
  return fancyLine({ text: `START hook: ${name}`, status: 'RUN', truncates: true, index, total }, options)
}

export function hookEndLine(
  { name, status, seconds }: HookEnd,
  { index, total }: NodePlace,
  options: LineOptions,
): string {
  const [word, color] =
    status === 'success'
      ? (['OK', 'green'] as const)
      : status === 'skipped'
        ? (['SKIP', 'yellow'] as const)
        : (['ERROR', 'red'] as const)
  return fancyLine(
    { text: `${word} hook: ${name}`, status: word, color, seconds, truncates: true, index, total },
    options,
  )
}
