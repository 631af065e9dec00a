import { createHash } from 'node:crypto'
import { nativeError } from './native-function.ts'
import type { NativeFunction } from './native-function.ts'

/** Positions count characters, not the halves of those beyond the first 65,536. */
function characters(text: string): readonly string[] {
  // oxlint-disable-next-line no-control-regex
  return /^[\u0000-\uD7FF]*$/u.test(text) ? text.split('') : Array.from(text)
}

function substring(text: string, from: bigint, length: bigint | null): string {
  const all = characters(text)
  const start = from > 0n ? Number(from) - 1 : from === 0n ? 0 : all.length + Number(from)
  if (start < 0 || (length !== null && length <= 0n)) return ''
  return all.slice(start, length === null ? undefined : start + Number(length)).join('')
}

function splitPart(text: string, separator: string, part: bigint): string {
  const parts = separator === '' ? [text] : text.split(separator)
  const index = part > 0n ? Number(part) - 1 : part === 0n ? 0 : parts.length + Number(part)
  return parts[index] ?? ''
}

function tokens(text: string, delimiters: string): readonly string[] {
  const all: string[] = []
  let current = ''
  for (const character of text) {
    if (!delimiters.includes(character)) current += character
    else if (current !== '') {
      all.push(current)
      current = ''
    }
  }
  return current === '' ? all : [...all, current]
}

/** What stands between the words of INITCAP when nothing is said. */
const wordDelimiters = ' \t\n\f\r!?@"^#$&~_,.:;+-*%/|\\[](){}<>'

function capitalize(text: string, delimiters: string): string {
  let atStart = true
  return characters(text)
    .map((character) => {
      const isDelimiter = delimiters.includes(character)
      const written = atStart ? character.toUpperCase() : character.toLowerCase()
      atStart = isDelimiter
      return isDelimiter ? character : written
    })
    .join('')
}

function translate(text: string, from: string, to: string): string {
  const [source, target] = [characters(from), characters(to)]
  return characters(text)
    .map((character) => {
      const at = source.indexOf(character)
      return at < 0 ? character : (target[at] ?? '')
    })
    .join('')
}

function insert(text: string, at: bigint, length: bigint, inserted: string): string {
  const all = characters(text)
  const start = Math.max(Number(at) - 1, 0)
  return [...all.slice(0, start), inserted, ...all.slice(start + Number(length))].join('')
}

function position(needle: string, text: string, from: bigint): bigint {
  const start = Math.max(Number(from) - 1, 0)
  return BigInt(text.indexOf(needle, start) + 1)
}

const truths = new Set(['true', 't', 'yes', 'y', 'on', '1'])
const falsehoods = new Set(['false', 'f', 'no', 'n', 'off', '0'])

function toBoolean(text: string): boolean {
  const word = text.trim().toLowerCase()
  if (truths.has(word)) return true
  if (falsehoods.has(word)) return false
  throw nativeError('100037', '22018', `Boolean value '${text}' is not recognized`)
}

function toBinary(text: string, format: string): Uint8Array {
  const kind = format.toUpperCase().replace('-', '')
  if (kind === 'UTF8') return Buffer.from(text, 'utf8')
  const isWell =
    kind === 'HEX' ? /^(?:[\da-f]{2})*$/iu.test(text) : /^[\w+/]*={0,2}$/u.test(text) && text.length % 4 === 0
  if (!isWell)
    throw nativeError('100115', '22000', `The following string is not a legal ${kind}-encoded value: '${text}'`)
  return Buffer.from(text, kind === 'HEX' ? 'hex' : 'base64')
}

const soundexCodes: Readonly<Record<string, string>> = Object.fromEntries(
  ['BFPV', 'CGJKQSXZ', 'DT', 'L', 'MN', 'R'].flatMap((letters, index) =>
    letters.split('').map((letter) => [letter, String(index + 1)]),
  ),
)

function soundex(text: string): string {
  const letters = text.toUpperCase().replaceAll(/[^A-Z]/gu, '')
  const [first] = letters
  if (first === undefined) return ''
  let previous = soundexCodes[first]
  let code = first
  for (const letter of letters.slice(1)) {
    const digit = soundexCodes[letter]
    if (digit !== undefined && digit !== previous) code += digit
    if (letter !== 'H' && letter !== 'W') previous = digit
  }
  return code.padEnd(4, '0').slice(0, 4)
}

function likePattern(pattern: string, escape: string): string {
  return Array.from(pattern).reduce(
    ({ text, escaped }, character) => {
      if (!escaped && escape !== '' && character === escape) return { text, escaped: true }
      const plain = character.replace(/[.*+?^${}()|[\]\\/]/u, '\\$&')
      const wild = character === '%' ? '[\\s\\S]*' : character === '_' ? '[\\s\\S]' : plain
      return { text: text + (escaped ? plain : wild), escaped: false }
    },
    { text: '', escaped: false },
  ).text
}

function parseUrl(text: string, permissive: bigint): string | null {
  const parts =
    /^(?:(?<scheme>[a-z][a-z\d+.-]*):)?(?:\/\/(?<host>[^/?#]*?)(?::(?<port>\d+))?(?=[/?#]|$))?(?:\/?(?<path>[^?#]*))(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?$/iu.exec(
      text,
    )?.groups
  if (parts?.['scheme'] === undefined) {
    if (permissive === 1n) return JSON.stringify({ error: `scheme not specified` })
    throw nativeError('100137', '22000', `Error parsing URL: scheme not specified`)
  }
  const query = parts['query']
  const parameters =
    query === undefined
      ? null
      : Object.fromEntries(
          query
            .split('&')
            .map((item): [string, string] => [item.split('=')[0] ?? '', item.split('=').slice(1).join('=')])
            .toSorted(([left], [right]) => (left < right ? -1 : 1)),
        )
  return JSON.stringify({
    fragment: parts['fragment'] ?? null,
    host: parts['host'] ?? null,
    parameters,
    path: parts['path'] ?? '',
    port: parts['port'] ?? null,
    query: query ?? null,
    scheme: parts['scheme'],
  })
}

export const nativeTextFunctions: readonly NativeFunction[] = [
  {
    name: 'sf_substr',
    parameters: ['text', 'integer', 'integer'],
    returns: 'text',
    compute: substring,
  },
  {
    name: 'sf_substr_from',
    parameters: ['text', 'integer'],
    returns: 'text',
    compute: (text: string, from: bigint) => substring(text, from, null),
  },
  { name: 'sf_split_part', parameters: ['text', 'text', 'integer'], returns: 'text', compute: splitPart },
  {
    name: 'sf_split',
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (text: string, separator: string) => JSON.stringify(separator === '' ? [text] : text.split(separator)),
  },
  {
    name: 'sf_strtok',
    parameters: ['text', 'text', 'integer'],
    returns: 'text',
    compute: (text: string, delimiters: string, index: bigint) => tokens(text, delimiters)[Number(index) - 1] ?? null,
  },
  {
    name: 'sf_strtok_to_array',
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (text: string, delimiters: string) => JSON.stringify(tokens(text, delimiters)),
  },
  {
    name: 'sf_initcap',
    parameters: ['text', 'text'],
    returns: 'text',
    nulls: true,
    compute: (text: string | null, delimiters: string | null) =>
      text === null ? null : capitalize(text, delimiters ?? wordDelimiters),
  },
  { name: 'sf_translate', parameters: ['text', 'text', 'text'], returns: 'text', compute: translate },
  { name: 'sf_insert', parameters: ['text', 'integer', 'integer', 'text'], returns: 'text', compute: insert },
  { name: 'sf_position', parameters: ['text', 'text', 'integer'], returns: 'integer', compute: position },
  { name: 'sf_boolean', parameters: ['text'], returns: 'boolean', compute: toBoolean },
  { name: 'sf_to_binary', parameters: ['text', 'text'], returns: 'binary', compute: toBinary },
  { name: 'sf_soundex', parameters: ['text'], returns: 'text', compute: soundex },
  { name: 'sf_parse_url', parameters: ['text', 'integer'], returns: 'text', compute: parseUrl },
  {
    name: 'sf_like',
    parameters: ['text', 'text', 'text', 'boolean'],
    returns: 'boolean',
    compute: (text: string, pattern: string, escape: string, ignoreCase: boolean) =>
      new RegExp(`^${likePattern(pattern, escape)}$`, ignoreCase ? 'iu' : 'u').test(text),
  },
  {
    name: 'sf_sha2',
    parameters: ['text', 'integer'],
    returns: 'text',
    compute: (text: string, bits: bigint) =>
      createHash(`sha${bits === 0n ? 256n : bits}`)
        .update(text)
        .digest('hex'),
  },
  {
    name: 'sf_sha1',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => createHash('sha1').update(text).digest('hex'),
  },
]
