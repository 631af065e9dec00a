import { malformed } from './value-codec.ts'

/** Reads the text of a composite value, `(1,"a ""b""",)`: one text per field, null where nothing stands. */
export function parseRecordLiteral(text: string): (string | null)[] {
  if (!text.startsWith('(') || !text.endsWith(')')) throw malformed('the text is no composite literal')
  // `()` is a composite without fields; with one field that is null it looks the same.
  const fields: (string | null)[] = []
  let at = 1
  for (;;) {
    const field = readField(text, at)
    fields.push(field.value)
    at = field.end
    if (text[at] === ')' && at === text.length - 1) return fields
    if (text[at] !== ',') throw malformed(`the text is no composite literal from character ${at + 1} on`)
    at++
  }
}

/** A field may mix quoted and plain stretches; quotes are doubled, and so are backslashes. */
function readField(text: string, start: number): { value: string | null; end: number } {
  let value = ''
  let at = start
  let isQuoted = false
  for (; at < text.length; at++) {
    const character = text[at]!
    if (character === '"' && isQuoted && text[at + 1] === '"') value += text[++at]
    else if (character === '"') isQuoted = !isQuoted
    else if (character === '\\') value += text[++at] ?? ''
    else if (!isQuoted && (character === ',' || character === ')')) break
    else value += character
  }
  return { value: at === start ? null : value, end: at }
}
