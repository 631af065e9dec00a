import type { FilterEnvironment } from './frame.ts'
import { jsonText } from './json-text.ts'
import { asMapping } from './mapping.ts'
import { applyBinary } from './operators.ts'
import { formatPercent } from './percent-format.ts'
import type { HostObject, KeywordArguments } from './protocol.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { expectIndex } from './python-number.ts'
import { asIterable, characterCount, characters, isTrue, iterate, lengthOfValue, unpack } from './python-object.ts'
import { prettyText } from './pretty-text.ts'
import { textOf, typeName } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { capitalize, pad, replaceText, splitLines, strip } from './string-methods.ts'
import { OperationError } from './template-error.ts'
import { wrapText } from './text-wrap.ts'
import { Undefined } from './undefined-value.ts'

type Env = FilterEnvironment

/** The filter `format` takes any keyword, which a signature cannot say. */
class FormatFilter extends NativeFunction implements HostObject {
  constructor() {
    super('format', 'value *', () => '')
  }

  override callOn([value, ...args]: readonly unknown[], kwargs: KeywordArguments): unknown {
    const hasKeywords = Object.keys(kwargs).length > 0
    if (args.length > 0 && hasKeywords) {
      throw new OperationError('filter-argument', "can't handle positional and keyword arguments at the same time")
    }
    return formatPercent(textOf(value), hasKeywords ? new PyDict(Object.entries(kwargs)) : new PyTuple(args))
  }
}

export const textFilters = functionTable(
  new FormatFilter(),
  new NativeFunction('string', 'object', (_: Env, value: unknown) => textOf(value)),
  new NativeFunction('upper', 's', (_: Env, value: unknown) => textOf(value).toUpperCase()),
  new NativeFunction('lower', 's', (_: Env, value: unknown) => textOf(value).toLowerCase()),
  new NativeFunction('capitalize', 's', (_: Env, value: unknown) => capitalize(textOf(value))),
  new NativeFunction('title', 's', (_: Env, value: unknown) => titleText(textOf(value))),
  new NativeFunction('trim', 'value chars?', (_: Env, value: unknown, chars?: unknown) =>
    strip(textOf(value), chars, 'both'),
  ),
  new NativeFunction(
    'replace',
    's old new count?',
    (_: Env, value: unknown, old: unknown, replacement: unknown, count?: unknown) =>
      replaceText(textOf(value), textOf(old), textOf(replacement), countOf(count)),
  ),
  new NativeFunction('center', 'value width?', (_: Env, value: unknown, width: unknown = 80) =>
    pad(textOf(value), width, undefined, 'both'),
  ),
  new NativeFunction(
    'indent',
    's width? first? blank?',
    (_: Env, value: unknown, width: unknown = 4, first?: unknown, blank?: unknown) =>
      indentText(withNewline(value), width, isTrue(first), isTrue(blank)),
  ),
  new NativeFunction('truncate', 's length? killwords? end? leeway?', (_: Env, ...values: unknown[]) =>
    truncateText(values),
  ),
  new NativeFunction(
    'wordwrap',
    's width? break_long_words? wrapstring? break_on_hyphens?',
    (_: Env, ...values: unknown[]) => wrapParagraphs(values),
  ),
  new NativeFunction(
    'wordcount',
    's',
    (_: Env, value: unknown) => (textOf(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length,
  ),
  new NativeFunction('escape', 's', (_: Env, value: unknown) => escapeHtml(textOf(value))),
  new NativeFunction('e', 's', (_: Env, value: unknown) => escapeHtml(textOf(value))),
  new NativeFunction('forceescape', 'value', (_: Env, value: unknown) => escapeHtml(textOf(value))),
  new NativeFunction('safe', 'value', (_: Env, value: unknown) => textOf(value)),
  new NativeFunction('urlencode', 'value', (_: Env, value: unknown) => urlEncode(value)),
  new NativeFunction('pprint', 'value', (_: Env, value: unknown) => prettyText(value)),
  new NativeFunction('tojson', 'value indent?', (_: Env, value: unknown, indent?: unknown) => {
    const blanks = indent === undefined || indent === null ? undefined : expectIndex(indent, typeName(indent))
    return escapeJson(jsonText(value, { indent: blanks, sortKeys: true }))
  }),
)

function countOf(value: unknown): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY
  const count = expectIndex(value, typeName(value))
  return count < 0 ? Number.POSITIVE_INFINITY : count
}

/** The text that a filter works on by a method of str, which other types do not have. */
function expectText(value: unknown, method: string): string {
  if (typeof value === 'string') return value
  if (value instanceof Undefined) return value.fail()
  throw new OperationError('attribute', `'${typeName(value)}' object has no attribute '${method}'`)
}

/** Jinja2 adds a newline first, which is what fails for most types; a list has no lines. */
function withNewline(value: unknown): string {
  return expectText(Array.isArray(value) ? value : applyBinary('+', value, '\n'), 'splitlines')
}

function titleText(text: string): string {
  return text
    .split(/([-\s({[<]+)/)
    .map((part) => {
      const [first = '', ...rest] = characters(part)
      return first.toUpperCase() + rest.join('').toLowerCase()
    })
    .join('')
}

function indentText(text: string, width: unknown, first: boolean, blank: boolean): string {
  const indentation = typeof width === 'string' ? width : ' '.repeat(Math.max(0, expectIndex(width, typeName(width))))
  const [start = '', ...rest] = splitLines(text)
  const lines = rest.map((line) => (blank || line !== '' ? indentation + line : line))
  return (first ? indentation : '') + [start, ...lines].join('\n')
}

const truncateLeeway = 5

function truncateText([value, length = 255, killWords, end = '...', leeway]: readonly unknown[]): unknown {
  const ending = textOf(end)
  const limit = expectIndex(length, typeName(length))
  const tolerance = leeway === undefined || leeway === null ? truncateLeeway : expectIndex(leeway, typeName(leeway))
  if (limit < characterCount(ending)) {
    throw new OperationError('assertion', `expected length >= ${characterCount(ending)}, got ${limit}`)
  }
  if (tolerance < 0) throw new OperationError('assertion', `expected leeway >= 0, got ${tolerance}`)
  if (lengthOfValue(value) <= limit + tolerance) return value
  const all = characters(expectText(value, 'rsplit'))
  const cut = all.slice(0, limit - characterCount(ending)).join('')
  const lastBlank = cut.lastIndexOf(' ')
  return (isTrue(killWords) || lastBlank < 0 ? cut : cut.slice(0, lastBlank)) + ending
}

function wrapParagraphs([
  value,
  width = 79,
  breakLongWords = true,
  wrapString,
  breakOnHyphens = true,
]: readonly unknown[]): string {
  const separator = wrapString === undefined || wrapString === null ? '\n' : textOf(wrapString)
  const options = {
    width: expectIndex(width, typeName(width)),
    breakLongWords: isTrue(breakLongWords),
    breakOnHyphens: isTrue(breakOnHyphens),
  }
  const paragraphs = splitLines(expectText(value, 'splitlines'))
  return paragraphs.map((line) => wrapText(line, options).join(separator)).join(separator)
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => htmlEscapes[character] ?? character)
}

/** The result may stand inside HTML, as in Jinja2. */
function escapeJson(text: string): string {
  return text.replace(/[<>&']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
}

function urlEncode(value: unknown): string {
  const pairs =
    asMapping(value)?.entries() ?? (typeof value === 'string' || !asIterable(value) ? undefined : iterate(value))
  if (pairs === undefined) return quoteUrl(textOf(value)).replaceAll('%2F', '/')
  const encode = (part: unknown) => quoteUrl(textOf(part)).replaceAll('%20', '+')
  return [...pairs].map((pair) => unpack(pair, 2).map(encode).join('=')).join('&')
}

function quoteUrl(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
