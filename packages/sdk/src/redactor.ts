/** What stands where a secret stood. */
export const redactedMark = '[redacted]'

/** Secrets shorter than this are replaced only where they stand alone: they occur in too many innocent words. */
const secretLengthMin = 4
/** Longer secrets (keys, tokens) are looked for piece by piece: a pattern's size must stay bounded. */
const pieceLengthMax = 256
/** A line of a secret of several lines (a PEM key) is a secret of its own from this length on. */
const lineLengthMin = 12
/** Fewer characters of base64 than this would match too many innocent words. */
const base64LengthMin = 4
const base64Neighbour = String.raw`(?:[\w+\/\-]|%2[bBfF])`

/**
 * Makes a function that replaces every occurrence of every secret in a text by `[redacted]`.
 *
 * A secret is found as it is, and in the forms it takes on its way into messages: each of its characters may be
 * percent-encoded, escaped as in JSON, JavaScript or SQL; the whole may be part of something encoded in base64 (also
 * URL-safe), such as `user:password` of HTTP Basic. Each line of a secret of several lines counts by itself. Secrets of
 * one to three characters are replaced only as whole words, since replacing every "a" would hide the message and
 * betray the secret. Empty secrets are ignored.
 *
 * @example
 * const redact = redactor(['p@ss'])
 * redact('postgres://me:p%40ss@db/sales') // 'postgres://me:[redacted]@db/sales'
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const needles = new Set([...secrets].flatMap(needlesOf))
  const shapes = [...needles].toSorted((left, right) => right.length - left.length).flatMap(shapesOf)
  return (text) => {
    const wordLength = longestWordLength(text)
    let rest = text
    for (const shape of shapes) {
      // No form of a secret is shorter than the secret: this spares most texts the search for keys and tokens.
      if (shape.lengthMin <= (shape.hasBlanks ? text.length : wordLength)) rest = rest.replace(shape.pattern(), standIn)
    }
    return rest.replaceAll(standIn, redactedMark)
  }
}

/** A character of private use, so that a secret which is part of the mark does not tear marks apart. */
const standIn = '\u{F0EC1}'

/** A regular expression for some forms of a secret, and what a text must have for it to match. */
interface Shape {
  readonly lengthMin: number
  readonly hasBlanks: boolean
  readonly pattern: () => RegExp
}

function shapeOf(needle: string, source: () => string): Shape {
  let compiled: RegExp | undefined
  return {
    lengthMin: needle.length,
    hasBlanks: /\s/.test(needle),
    pattern: () => (compiled ??= new RegExp(source(), 'gu')),
  }
}

function longestWordLength(text: string): number {
  return text.split(/\s+/).reduce((longest, word) => Math.max(longest, word.length), 0)
}

/** Applies `redact` to every string within a value, keys included; everything else stays. The value is copied. */
export function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map((member) => redactDeep(member, redact))
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [redact(key), redactDeep(member, redact)]))
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function needlesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  const telling = lines.length === 1 ? [] : lines.filter((line) => line.length >= lineLengthMin && !isPemMarker(line))
  return [secret, secret.trim(), ...telling].filter((needle) => needle !== '').flatMap(piecesOf)
}

function isPemMarker(line: string): boolean {
  return /^-----(BEGIN|END) [A-Z ]+-----$/.test(line)
}

function piecesOf(text: string): string[] {
  const characters = Array.from(text)
  const count = Math.ceil(characters.length / pieceLengthMax)
  const length = Math.ceil(characters.length / count)
  return Array.from({ length: count }, (_, index) => characters.slice(index * length, (index + 1) * length).join(''))
}

function shapesOf(needle: string): Shape[] {
  const plain = () => Array.from(needle, characterPattern).join('')
  if (needle.length >= secretLengthMin) return [shapeOf(needle, plain), ...base64Shapes(needle)]
  return [shapeOf(needle, () => `(?<![\\p{L}\\p{N}])${plain()}(?![\\p{L}\\p{N}])`)]
}

/** One character in every form it may take. */
function characterPattern(character: string): string {
  const forms = new Set([escapePattern(character), percentPattern(character), unicodePattern(character)])
  // JSON and JavaScript put a backslash before these, SQL and CSV double their quote.
  if (`"'\\/\``.includes(character)) forms.add(`\\\\+${escapePattern(character)}`)
  if (`"'`.includes(character)) forms.add(character + character)
  const letter = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' }[character]
  if (letter !== undefined) forms.add(`\\\\+${letter}`)
  if (character === ' ') forms.add('\\+')
  // The longest first: an escaped quote must not be taken for a bare backslash.
  return `(?:${[...forms].toSorted((left, right) => right.length - left.length).join('|')})`
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
}

function percentPattern(character: string): string {
  return Array.from(new TextEncoder().encode(character), (byte) => `%${hexPattern(byte.toString(16), 2)}`).join('')
}

function unicodePattern(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\\\+u${hexPattern(unit.toString(16), 4)}`).join('')
}

function hexPattern(hex: string, length: number): string {
  return hex.padStart(length, '0').replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

/**
 * The base64 characters that depend on the secret alone, for each of its three possible alignments within a longer
 * text, with the neighbours that it shares with other bytes.
 */
function base64Shapes(needle: string): Shape[] {
  const bytes = new TextEncoder().encode(needle)
  return [0, 1, 2].flatMap((bytesBefore) => {
    const text = Buffer.concat([Buffer.alloc(bytesBefore), bytes]).toString('base64')
    const start = Math.ceil((bytesBefore * 8) / 6)
    const end = Math.floor(((bytesBefore + bytes.length) * 8) / 6)
    if (end - start < base64LengthMin) return []
    const before = bytesBefore === 0 ? '' : `${base64Neighbour}?`
    const after = ((bytesBefore + bytes.length) * 8) % 6 === 0 ? '' : `(?:${base64Neighbour}(?:=|%3[dD]){0,2})?`
    const forms = new Set([text.slice(start, end), text.slice(start, end).replaceAll('+', '-').replaceAll('/', '_')])
    return [...forms].map((form) =>
      shapeOf(form, () => before + Array.from(form, base64CharacterPattern).join('') + after),
    )
  })
}

function base64CharacterPattern(character: string): string {
  return /[+/]/.test(character)
    ? `(?:${escapePattern(character)}|${percentPattern(character)})`
    : escapePattern(character)
}
