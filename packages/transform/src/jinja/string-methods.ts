import { formatBraces } from './brace-format.ts'
import { asMapping, toPlainObject } from './mapping.ts'
import { fieldWidthMax } from './percent-format.ts'
import type { HostObject, KeywordArguments } from './protocol.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { asInt, expectIndex } from './python-number.ts'
import { characterCount, characters, isTrue, iterate } from './python-object.ts'
import { typeName } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { sliceOf } from './slice.ts'
import { typeError, valueError } from './template-error.ts'
import { isWhitespace, lineEndPattern, trimEnd, trimStart, words } from './whitespace.ts'

/** str.format takes any keyword, which a signature cannot say. */
class FormatMethod extends NativeFunction implements HostObject {
  constructor() {
    super('format', '*', () => '')
  }

  override callOn(args: readonly unknown[], kwargs: KeywordArguments, text: unknown): unknown {
    return formatBraces(String(text), args, kwargs)
  }
}

type TextMapper = (text: string) => unknown

const plainMethods: Readonly<Record<string, TextMapper>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  casefold: (text) => text.toLowerCase().replaceAll('ß', 'ss'),
  capitalize: (text) => capitalize(text),
  title: (text) => text.replace(/\p{L}+/gu, (word) => capitalize(word)),
  swapcase: (text) => characters(text).map(swapCase).join(''),
  isdigit: (text) => /^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u.test(text),
  isdecimal: (text) => /^\p{Nd}+$/u.test(text),
  isnumeric: (text) => /^\p{N}+$/u.test(text),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
  isspace: (text) => text !== '' && characters(text).every(isWhitespace),
  isupper: isUpper,
  islower: isLower,
  istitle: (text) => isTitle(text),
  isascii: (text) => !/[\u0080-\u{10ffff}]/u.test(text),
  isidentifier: (text) => /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(text),
  isprintable: (text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text),
}

export const stringMethods = functionTable(
  ...Object.entries(plainMethods).map(([name, map]) => new NativeFunction(name, '', map)),
  new FormatMethod(),
  new NativeFunction('format_map', 'mapping', (text: string, mapping: unknown) =>
    formatBraces(text, [], toPlainObject(asMapping(mapping) ?? new PyDict())),
  ),
  new NativeFunction('strip', 'chars? /', (text: string, chars?: unknown) => strip(text, chars, 'both')),
  new NativeFunction('lstrip', 'chars? /', (text: string, chars?: unknown) => strip(text, chars, 'start')),
  new NativeFunction('rstrip', 'chars? /', (text: string, chars?: unknown) => strip(text, chars, 'end')),
  new NativeFunction('split', 'sep? maxsplit?', (text: string, separator?: unknown, max?: unknown) =>
    split(text, separator, max),
  ),
  new NativeFunction('rsplit', 'sep? maxsplit?', (text: string, separator?: unknown, max?: unknown) =>
    splitFromEnd(text, separator, max),
  ),
  new NativeFunction('splitlines', 'keepends?', (text: string, keepEnds?: unknown) =>
    splitLines(text, isTrue(keepEnds)),
  ),
  new NativeFunction('partition', 'sep /', (text: string, separator: unknown) => partition(text, separator, false)),
  new NativeFunction('rpartition', 'sep /', (text: string, separator: unknown) => partition(text, separator, true)),
  new NativeFunction('join', 'iterable /', (text: string, items: unknown) => join(text, items)),
  new NativeFunction(
    'replace',
    'old new count? /',
    (text: string, old: unknown, replacement: unknown, count?: unknown) =>
      replaceText(text, expectText('replace', old), expectText('replace', replacement), countOf(count)),
  ),
  new NativeFunction(
    'startswith',
    'prefix start? end? /',
    (text: string, prefix: unknown, start?: unknown, end?: unknown) =>
      hasAffix(window(text, start, end), prefix, 'startswith'),
  ),
  new NativeFunction(
    'endswith',
    'suffix start? end? /',
    (text: string, suffix: unknown, start?: unknown, end?: unknown) =>
      hasAffix(window(text, start, end), suffix, 'endswith'),
  ),
  new NativeFunction('removeprefix', 'prefix /', (text: string, prefix: unknown) => {
    const start = expectText('removeprefix', prefix)
    return text.startsWith(start) ? text.slice(start.length) : text
  }),
  new NativeFunction('removesuffix', 'suffix /', (text: string, suffix: unknown) => {
    const end = expectText('removesuffix', suffix)
    return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text
  }),
  new NativeFunction('find', 'sub start? end? /', (text: string, sub: unknown, start?: unknown, end?: unknown) =>
    find(text, sub, start, end, 'first'),
  ),
  new NativeFunction('rfind', 'sub start? end? /', (text: string, sub: unknown, start?: unknown, end?: unknown) =>
    find(text, sub, start, end, 'last'),
  ),
  new NativeFunction('index', 'sub start? end? /', (text: string, sub: unknown, start?: unknown, end?: unknown) =>
    found(find(text, sub, start, end, 'first')),
  ),
  new NativeFunction('rindex', 'sub start? end? /', (text: string, sub: unknown, start?: unknown, end?: unknown) =>
    found(find(text, sub, start, end, 'last')),
  ),
  new NativeFunction('count', 'sub start? end? /', (text: string, sub: unknown, start?: unknown, end?: unknown) => {
    const part = window(text, start, end)
    const searched = expectText('count', sub)
    return searched === '' ? characterCount(part) + 1 : part.split(searched).length - 1
  }),
  new NativeFunction('center', 'width fillchar? /', (text: string, width: unknown, fill?: unknown) =>
    pad(text, width, fill, 'both'),
  ),
  new NativeFunction('ljust', 'width fillchar? /', (text: string, width: unknown, fill?: unknown) =>
    pad(text, width, fill, 'end'),
  ),
  new NativeFunction('rjust', 'width fillchar? /', (text: string, width: unknown, fill?: unknown) =>
    pad(text, width, fill, 'start'),
  ),
  new NativeFunction('zfill', 'width /', (text: string, width: unknown) => {
    const sign = /^[-+]/.exec(text)?.[0] ?? ''
    return sign + pad(text.slice(sign.length), expectIndex(width, typeName(width)) - sign.length, '0', 'start')
  }),
  new NativeFunction('expandtabs', 'tabsize?', (text: string, size: unknown = 8) =>
    expandTabs(text, expectIndex(size, typeName(size))),
  ),
)

export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text)
  return first.toUpperCase() + rest.join('').toLowerCase()
}

export function isUpper(text: string): boolean {
  return /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text)
}

export function isLower(text: string): boolean {
  return /\p{Ll}/u.test(text) && !/[\p{Lu}\p{Lt}]/u.test(text)
}

function swapCase(character: string): string {
  return character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase()
}

function isTitle(text: string): boolean {
  const runs = text.match(/[\p{L}]+/gu) ?? []
  return runs.length > 0 && runs.every((run) => /^[\p{Lu}\p{Lt}][\p{Ll}\p{Lm}\p{Lo}]*$/u.test(run))
}

function expectText(method: string, value: unknown): string {
  if (typeof value !== 'string') throw typeError(`${method}() argument must be str, not ${typeName(value)}`)
  return value
}

function countOf(value: unknown): number {
  if (value === undefined) return Number.POSITIVE_INFINITY
  const count = expectIndex(value, typeName(value))
  return count < 0 ? Number.POSITIVE_INFINITY : count
}

export function strip(text: string, chars: unknown, side: 'start' | 'end' | 'both'): string {
  if (chars === undefined || chars === null) {
    const start = side === 'end' ? text : trimStart(text)
    return side === 'start' ? start : trimEnd(start)
  }
  if (typeof chars !== 'string') throw typeError(`strip arg must be None or str, not ${typeName(chars)}`)
  const [all, set] = [characters(text), new Set(characters(chars))]
  let start = 0
  let end = all.length
  if (side !== 'end') while (start < end && set.has(all[start] ?? '')) start += 1
  if (side !== 'start') while (end > start && set.has(all[end - 1] ?? '')) end -= 1
  return all.slice(start, end).join('')
}

function split(text: string, separator: unknown, max: unknown): string[] {
  const limit = countOf(max)
  if (separator === undefined || separator === null) return splitWords(text, limit)
  const mark = expectSeparator(separator)
  const parts = text.split(mark)
  return parts.length - 1 <= limit ? parts : [...parts.slice(0, limit), parts.slice(limit).join(mark)]
}

function splitWords(text: string, limit: number): string[] {
  if (limit === Number.POSITIVE_INFINITY) return words(text)
  const parts: string[] = []
  let rest = trimStart(text)
  while (rest !== '' && parts.length < limit) {
    const length = characters(rest).findIndex(isWhitespace)
    if (length < 0) break
    parts.push(rest.slice(0, length))
    rest = trimStart(rest.slice(length))
  }
  if (rest !== '') parts.push(parts.length < limit ? trimEnd(rest) : rest)
  return parts
}

function splitFromEnd(text: string, separator: unknown, max: unknown): string[] {
  const limit = countOf(max)
  if (separator === undefined || separator === null) {
    const reversed = splitWords(characters(text).toReversed().join(''), limit)
    return reversed.map((part) => characters(part).toReversed().join('')).toReversed()
  }
  const mark = expectSeparator(separator)
  const parts = text.split(mark)
  if (parts.length - 1 <= limit) return parts
  const kept = parts.length - limit
  return [parts.slice(0, kept).join(mark), ...parts.slice(kept)]
}

function expectSeparator(value: unknown): string {
  const separator = expectText('split', value)
  if (separator === '') throw valueError('empty separator')
  return separator
}

const lineEnds = new RegExp(lineEndPattern, 'g')

/** Lines as Python counts them; a break at the very end does not start another. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = []
  let start = 0
  for (const match of text.matchAll(lineEnds)) {
    const end = match.index + match[0].length
    lines.push(text.slice(start, keepEnds ? end : match.index))
    start = end
  }
  if (start < text.length) lines.push(text.slice(start))
  return lines
}

function partition(text: string, value: unknown, fromEnd: boolean): PyTuple {
  const separator = expectSeparator(value)
  const index = fromEnd ? text.lastIndexOf(separator) : text.indexOf(separator)
  if (index < 0) return new PyTuple(fromEnd ? ['', '', text] : [text, '', ''])
  return new PyTuple([text.slice(0, index), separator, text.slice(index + separator.length)])
}

function join(separator: string, items: unknown): string {
  const parts = [...iterate(items)].map((item, index) => {
    if (typeof item !== 'string')
      throw typeError(`sequence item ${index}: expected str instance, ${typeName(item)} found`)
    return item
  })
  return parts.join(separator)
}

export function replaceText(text: string, old: string, replacement: string, count: number): string {
  if (old === '') {
    const all = characters(text)
    const joined = all.map((character, index) => (index < count ? replacement + character : character)).join('')
    return all.length < count ? joined + replacement : joined
  }
  const parts = text.split(old)
  if (parts.length - 1 <= count) return parts.join(replacement)
  return [...parts.slice(0, count), parts.slice(count).join(old)].join(replacement)
}

/** The part of the text that start and end leave. */
function window(text: string, start: unknown, end: unknown): string {
  if (start === undefined && end === undefined) return text
  return String(sliceOf(text, { start, stop: end, step: undefined }))
}

function hasAffix(text: string, affix: unknown, method: 'startswith' | 'endswith'): boolean {
  const isAffix = (value: unknown) => {
    if (typeof value !== 'string') {
      throw typeError(`${method} first arg must be str or a tuple of str, not ${typeName(value)}`)
    }
    return method === 'startswith' ? text.startsWith(value) : text.endsWith(value)
  }
  return affix instanceof PyTuple ? affix.items.some(isAffix) : isAffix(affix)
}

function find(text: string, sub: unknown, start: unknown, end: unknown, which: 'first' | 'last'): number {
  const searched = expectText('find', sub)
  const length = characterCount(text)
  const from = asInt(start ?? 0)
  const offset = Math.max(0, Number(from) < 0 ? Number(from) + length : Number(from))
  if (offset > length) return -1
  const part = window(text, start ?? undefined, end ?? undefined)
  const index = which === 'first' ? part.indexOf(searched) : part.lastIndexOf(searched)
  return index < 0 ? -1 : offset + characterCount(part.slice(0, index))
}

function found(index: number): number {
  if (index < 0) throw valueError('substring not found')
  return index
}

/** str.center puts the odd blank to the left where the width is odd, as CPython does. */
export function pad(text: string, width: unknown, fillCharacter: unknown, side: 'start' | 'end' | 'both'): string {
  const fill = fillCharacter ?? ' '
  if (typeof fill !== 'string' || characterCount(fill) !== 1) {
    throw typeError('The fill character must be exactly one character long')
  }
  const wanted = expectIndex(width, typeName(width))
  if (wanted > fieldWidthMax) throw valueError('width too big')
  const missing = Math.max(0, wanted - characterCount(text))
  if (side === 'start') return fill.repeat(missing) + text
  if (side === 'end') return text + fill.repeat(missing)
  const left = Math.floor(missing / 2) + (missing % 2 === 1 && wanted % 2 === 1 ? 1 : 0)
  return fill.repeat(left) + text + fill.repeat(missing - left)
}

function expandTabs(text: string, size: number): string {
  let column = 0
  return characters(text)
    .map((character) => {
      if (character === '\n' || character === '\r') column = -1
      const blanks = size > 0 ? size - (column % size) : 0
      column += character === '\t' ? blanks : 1
      return character === '\t' ? ' '.repeat(blanks) : character
    })
    .join('')
}
