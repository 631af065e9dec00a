import { readFileSync } from 'node:fs'
import path from 'node:path'

export interface PlaceInFile {
  readonly line?: number
  readonly column?: number
}

/**
 * Where a text stands in a file of a package, for the message about it: parsing itself remembers no places. No place
 * where it is not written that way, as in a macro or with a variable for a name.
 */
export function placeInFile(directory: string, file: string, pattern: RegExp): PlaceInFile {
  let text: string
  try {
    text = readFileSync(path.join(directory, file), 'utf8')
  } catch {
    return {}
  }
  const found = pattern.exec(text)
  if (found === null) return {}
  const before = text.slice(0, found.index).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

/** A text as it is. */
export function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)
}

/** `name('a', 'b')` with quotes and white space of any kind, and more arguments behind. */
export function callPattern(name: string, args: readonly string[]): RegExp {
  const texts = args.map((arg) => `['"]${literally(arg)}['"]`)
  return new RegExp(String.raw`\b${name}\s*\(\s*${texts.join(String.raw`\s*,\s*`)}`, 'u')
}
