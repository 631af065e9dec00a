/** The characters that Python's str.isspace() accepts, as a character class: not the same as JavaScript's \s. */
export const whitespacePattern =
  '[\\t\\n\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'

/** What Python's str.splitlines() takes as the end of a line. */
export const lineEndPattern = '\\r\\n|[\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029]'

const startPattern = new RegExp(`^${whitespacePattern}+`)
const characterPattern = new RegExp(whitespacePattern)

export function isWhitespace(character: string): boolean {
  return characterPattern.test(character)
}

export function trimStart(text: string): string {
  return text.replace(startPattern, '')
}

export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isWhitespace(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

/** Splits at runs of whitespace as Python's str.split() without a separator does. */
export function words(text: string): string[] {
  return text.split(new RegExp(`${whitespacePattern}+`)).filter((word) => word !== '')
}
