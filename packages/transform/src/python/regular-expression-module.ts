import { callDirectly, isCallable } from '../jinja/call.ts'
import { attributeOf, itemOf, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { PyDict, PyIterator, PyTuple } from '../jinja/python-collections.ts'
import { asInt, expectIndex } from '../jinja/python-number.ts'
import { characterCount } from '../jinja/python-object.ts'
import { reprOfValue, textOf, typeName } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError, typeError } from '../jinja/template-error.ts'
import { regexFlags, translatePattern } from './regular-expression.ts'

type Mode = 'search' | 'match' | 'fullmatch'

/** Python's `re.Pattern`. */
class Pattern implements HostObject {
  readonly pattern: string
  readonly flags: number
  readonly #expressions = new Map<Mode, RegExp>()
  readonly [typeNameOf] = 're.Pattern'

  /** @throws OperationError of kind `value` for a pattern that is wrong, or that has no counterpart here */
  constructor(pattern: string, flags: number) {
    this.pattern = pattern
    this.flags = flags
    this.expression('search')
  }

  /** A new regular expression at the start of the text; `lastIndex` is the caller's. */
  expression(mode: Mode): RegExp {
    const known = this.#expressions.get(mode)
    if (known !== undefined) return new RegExp(known.source, known.flags)
    const { source, flags } = translatePattern(this.pattern, this.flags)
    const whole = mode === 'fullmatch' ? `(?:${source})(?![\\s\\S])` : source
    try {
      const made = new RegExp(whole, `${flags}d${mode === 'search' ? 'g' : 'y'}`)
      this.#expressions.set(mode, made)
      return made
    } catch (error) {
      throw new OperationError('value', error instanceof Error ? error.message : String(error))
    }
  }

  get groups(): number {
    return (new RegExp(`${this.expression('search').source}|`, 'u').exec('')?.length ?? 1) - 1
  }

  find(mode: Mode, text: string): Match | null {
    const found = this.expression(mode).exec(text)
    return found === null ? null : new Match(found)
  }

  *findAll(text: string): Generator<Match> {
    for (const found of text.matchAll(this.expression('search'))) yield new Match(found)
  }

  [attributeOf](name: string): unknown {
    const method = patternMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    return `re.compile(${reprOfValue(this.pattern)})`
  }
}

/** Python's `re.Match`. Positions count characters. */
class Match implements HostObject {
  readonly #found: RegExpExecArray | RegExpMatchArray
  readonly string: string
  readonly [typeNameOf] = 're.Match'

  constructor(found: RegExpExecArray | RegExpMatchArray) {
    this.#found = found
    this.string = found.input ?? ''
  }

  /** UTF-16 units. */
  get index(): number {
    return this.#found.index ?? 0
  }

  get text(): string {
    return this.#found[0] ?? ''
  }

  get captured(): readonly (string | undefined)[] {
    return this.#found.slice(1)
  }

  get named(): Readonly<Record<string, string | undefined>> {
    return this.#found.groups ?? {}
  }

  groupOf(key: unknown): string | null {
    const value = typeof key === 'string' ? this.#named(key) : this.#numbered(expectIndex(key, typeName(key)))
    return value ?? null
  }

  spanOf(key: unknown): [number, number] {
    this.groupOf(key)
    const indices = this.#found.indices
    const span = typeof key === 'string' ? indices?.groups?.[key] : indices?.[Number(asInt(key) ?? 0)]
    if (span === undefined) return [-1, -1]
    return [this.#characters(span[0]), this.#characters(span[1])]
  }

  #named(name: string): string | undefined {
    if (!Object.hasOwn(this.named, name)) throw new OperationError('index', 'no such group')
    return this.named[name]
  }

  #numbered(index: number): string | undefined {
    if (index < 0 || index >= this.#found.length) throw new OperationError('index', 'no such group')
    return this.#found[index]
  }

  #characters(units: number): number {
    return characterCount(this.string.slice(0, units))
  }

  [attributeOf](name: string): unknown {
    const method = matchMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  [itemOf](key: unknown): unknown {
    return this.groupOf(key)
  }

  toString(): string {
    const [start, end] = this.spanOf(0)
    return `<re.Match object; span=(${start}, ${end}), match=${reprOfValue(this.text)}>`
  }

  [reprOf](): string {
    return this.toString()
  }
}

const matchMethods = functionTable(
  new NativeFunction('group', '*', (match: Match, ...keys: readonly unknown[]) => {
    const values = (keys.length === 0 ? [0] : keys).map((key) => match.groupOf(key))
    return values.length === 1 ? values[0] : new PyTuple(values)
  }),
  new NativeFunction('groups', 'default?', (match: Match, fallback: unknown = null) => {
    return new PyTuple(match.captured.map((value) => value ?? fallback))
  }),
  new NativeFunction('groupdict', 'default?', (match: Match, fallback: unknown = null) => {
    return new PyDict(Object.entries(match.named).map(([name, value]) => [name, value ?? fallback]))
  }),
  new NativeFunction('start', 'group?', (match: Match, key: unknown = 0) => match.spanOf(key)[0]),
  new NativeFunction('end', 'group?', (match: Match, key: unknown = 0) => match.spanOf(key)[1]),
  new NativeFunction('span', 'group?', (match: Match, key: unknown = 0) => new PyTuple(match.spanOf(key))),
  new NativeFunction('expand', 'template', (match: Match, template: unknown) => expand(match, textOf(template))),
)

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\u0007', b: '\b' }

/** A replacement's text: `\1`, `\g<1>`, `\g<name>`, `\n`. */
function expand(match: Match, template: string): string {
  return template.replace(
    /\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/gu,
    (whole, name?: string, number?: string, letter?: string) => {
      if (name !== undefined) return match.groupOf(/^\d+$/u.test(name) ? Number(name) : name) ?? ''
      if (number !== undefined) return number === '0' ? '\0' : (match.groupOf(Number(number)) ?? '')
      if (letter === undefined) return whole
      if (/[a-zA-Z]/u.test(letter) && escapes[letter] === undefined) {
        throw new OperationError('value', `bad escape \\${letter}`)
      }
      return escapes[letter] ?? (letter === '\\' ? '\\' : whole)
    },
  )
}

function replaceIn(
  pattern: Pattern,
  replacement: unknown,
  text: string,
  limit: unknown,
): { text: string; count: number } {
  const countMax = limit === undefined || limit === 0 ? Infinity : expectIndex(limit, typeName(limit))
  let [result, position, count] = ['', 0, 0]
  for (const match of pattern.findAll(text)) {
    if (count >= countMax) break
    const made = isCallable(replacement)
      ? textOf(callDirectly(replacement, [match], {}))
      : expand(match, textOf(replacement))
    result += text.slice(position, match.index) + made
    position = match.index + match.text.length
    count += 1
  }
  return { text: result + text.slice(position), count }
}

/** The texts of all matches: of the whole, of the one group, or of all groups as tuples. */
function findAllTexts(pattern: Pattern, text: string): unknown[] {
  return [...pattern.findAll(text)].map((match) => {
    const groups = match.captured.map((value) => value ?? '')
    return groups.length === 0 ? match.text : groups.length === 1 ? groups[0] : new PyTuple(groups)
  })
}

function splitText(pattern: Pattern, text: string, limit: unknown): (string | null)[] {
  const countMax = limit === undefined || limit === 0 ? Infinity : expectIndex(limit, typeName(limit))
  const parts: (string | null)[] = []
  let [position, count] = [0, 0]
  for (const match of pattern.findAll(text)) {
    if (count >= countMax) break
    parts.push(text.slice(position, match.index), ...match.captured.map((value) => value ?? null))
    position = match.index + match.text.length
    count += 1
  }
  return [...parts, text.slice(position)]
}

function textArgument(value: unknown): string {
  if (typeof value !== 'string') throw typeError(`expected string or bytes-like object, got '${typeName(value)}'`)
  return value
}

/** Each with its parameters behind the pattern: `re.sub(pattern, repl, string)` and `compiled.sub(repl, string)`. */
const operations: readonly (readonly [string, string, (pattern: Pattern, ...values: readonly unknown[]) => unknown])[] =
  [
    ['search', 'string', (pattern, text) => pattern.find('search', textArgument(text))],
    ['match', 'string', (pattern, text) => pattern.find('match', textArgument(text))],
    ['fullmatch', 'string', (pattern, text) => pattern.find('fullmatch', textArgument(text))],
    ['findall', 'string', (pattern, text) => findAllTexts(pattern, textArgument(text))],
    ['finditer', 'string', (pattern, text) => new PyIterator(pattern.findAll(textArgument(text)), 'callable_iterator')],
    ['split', 'string maxsplit?', (pattern, text, limit) => splitText(pattern, textArgument(text), limit)],
    ['sub', 'repl string count?', (pattern, by, text, limit) => replaceIn(pattern, by, textArgument(text), limit).text],
    [
      'subn',
      'repl string count?',
      (pattern, by, text, limit) => {
        const replaced = replaceIn(pattern, by, textArgument(text), limit)
        return new PyTuple([replaced.text, replaced.count])
      },
    ],
  ]

const patternMethods = functionTable(
  ...operations.map(([name, signature, body]) => new NativeFunction(name, signature, body)),
)

function compile(pattern: unknown, flags: unknown = 0): Pattern {
  if (pattern instanceof Pattern) return pattern
  if (typeof pattern !== 'string') throw typeError('first argument must be string or compiled pattern')
  return new Pattern(pattern, expectIndex(flags, typeName(flags)))
}

function moduleFunction([name, signature, body]: (typeof operations)[number]): NativeFunction {
  const length = signature.split(' ').length
  return new NativeFunction(name, `pattern ${signature} flags?`, (pattern: unknown, ...values: readonly unknown[]) =>
    body(compile(pattern, values[length]), ...values.slice(0, length)),
  )
}

const { IGNORECASE, MULTILINE, DOTALL, VERBOSE, ASCII, UNICODE, LOCALE } = regexFlags

/** `modules.re` */
export const regularExpressionModule: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(operations.map((operation) => [operation[0], moduleFunction(operation)])),
  compile: new NativeFunction('compile', 'pattern flags?', compile),
  escape: new NativeFunction('escape', 'pattern', (text: unknown) =>
    textArgument(text).replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/gu, '\\$&'),
  ),
  purge: new NativeFunction('purge', '', () => null),
  IGNORECASE,
  MULTILINE,
  DOTALL,
  VERBOSE,
  ASCII,
  UNICODE,
  LOCALE,
  I: IGNORECASE,
  M: MULTILINE,
  S: DOTALL,
  X: VERBOSE,
  A: ASCII,
  U: UNICODE,
  L: LOCALE,
}
