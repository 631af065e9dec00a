const escapePattern = /\\(?:x([\da-fA-F]{0,2})|u([\da-fA-F]{0,4})|U([\da-fA-F]{0,8})|([0-7]{1,3})|([\s\S]))/g

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
}

/**
 * Resolves the escapes of a string literal as Python does: an unknown escape keeps its backslash.
 * A malformed one is returned as a fault in Python's words.
 */
export function unescapeString(text: string): string | { readonly fault: string } {
  if (!text.includes('\\')) return text
  let fault: string | undefined
  const codePoint = (digits: string, length: number, shape: string): string => {
    const code = Number.parseInt(digits, 16)
    if (digits.length < length) fault ??= `truncated \\${shape} escape`
    else if (code > 0x10ffff) fault ??= 'illegal Unicode character'
    return fault === undefined ? String.fromCodePoint(code) : ''
  }
  const result = text.replace(
    escapePattern,
    (whole, x?: string, u?: string, wide?: string, octal?: string, other?: string) => {
      if (x !== undefined) return codePoint(x, 2, 'xXX')
      if (u !== undefined) return codePoint(u, 4, 'uXXXX')
      if (wide !== undefined) return codePoint(wide, 8, 'UXXXXXXXX')
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      if (other === 'N') fault ??= 'character names (\\N{...}) are not supported: write the character itself'
      return simpleEscapes[other ?? ''] ?? whole
    },
  )
  return fault === undefined ? result : { fault }
}
