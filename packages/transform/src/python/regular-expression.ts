import { OperationError } from '../jinja/template-error.ts'

/** Python's flags, by their values. */
export const regexFlags = {
  IGNORECASE: 2,
  LOCALE: 4,
  MULTILINE: 8,
  DOTALL: 16,
  UNICODE: 32,
  VERBOSE: 64,
  DEBUG: 128,
  ASCII: 256,
}

const inlineFlags: Readonly<Record<string, number>> = {
  i: regexFlags.IGNORECASE,
  m: regexFlags.MULTILINE,
  s: regexFlags.DOTALL,
  x: regexFlags.VERBOSE,
  a: regexFlags.ASCII,
  u: regexFlags.UNICODE,
  L: regexFlags.LOCALE,
}

export interface Translation {
  readonly source: string
  /** Flags of JavaScript. */
  readonly flags: string
}

function patternError(message: string): OperationError {
  return new OperationError('value', message)
}

/**
 * A pattern of Python's `re` as one of JavaScript: `(?P<name>…)`, `\A`, `\Z`, `(?i)`, `(?x)`, `{,n}`, classes of all
 * scripts, and `$` that also stands before a last line break. Possessive and conditional groups are refused.
 */
export function translatePattern(pattern: string, flags: number): Translation {
  // Several groups of flags may stand at the start, one behind the other.
  const leading = /^(?:\(\?[aiLmsux]+\))*/u.exec(pattern)?.[0] ?? ''
  const all = Array.from(leading).reduce((sum, letter) => sum | (inlineFlags[letter] ?? 0), flags)
  const translator = new PatternTranslator(pattern.slice(leading.length), all)
  const source = translator.translate()
  const letters = [
    [regexFlags.IGNORECASE, 'i'],
    [regexFlags.DOTALL, 's'],
  ] as const
  const chosen = letters.filter(([bit]) => (all & bit) !== 0).map(([, letter]) => letter)
  return { source, flags: `u${chosen.join('')}` }
}

const unicodeClasses: Readonly<Record<string, string>> = {
  w: '\\p{L}\\p{N}_',
  d: '\\p{Nd}',
}
/** Python's str.isspace, which JavaScript's \s misses in four control characters and exceeds by the byte order mark. */
const whitespaceClass = '\\t\\n\\v\\f\\r \\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const asciiClasses: Readonly<Record<string, string>> = { w: 'a-zA-Z0-9_', d: '0-9', s: '\\t\\n\\v\\f\\r ' }

class PatternTranslator {
  readonly #pattern: string
  readonly #flags: number
  #index = 0
  #openGroups = 0

  constructor(pattern: string, flags: number) {
    this.#pattern = pattern
    this.#flags = flags
  }

  translate(): string {
    let source = ''
    while (this.#index < this.#pattern.length) source += this.#next()
    if (this.#openGroups > 0) {
      throw patternError(`missing ), unterminated subpattern in regular expression ${JSON.stringify(this.#pattern)}`)
    }
    return source
  }

  #has(flag: number): boolean {
    return (this.#flags & flag) !== 0
  }

  #take(length = 1): string {
    const text = this.#pattern.slice(this.#index, this.#index + length)
    this.#index += length
    return text
  }

  #next(): string {
    const character = this.#pattern.charAt(this.#index)
    switch (character) {
      case '\\':
        return this.#escape()
      case '[':
        return this.#characterClass()
      case '(':
        return this.#group()
      case ')':
        this.#openGroups -= 1
        if (this.#openGroups < 0) throw patternError(`unbalanced parenthesis at position ${this.#index}`)
        return this.#take()
      case '^':
        this.#take()
        return this.#has(regexFlags.MULTILINE) ? '(?<![^\\n])' : '(?<![\\s\\S])'
      case '$':
        this.#take()
        return this.#has(regexFlags.MULTILINE) ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))'
      case '{':
        return this.#repetition()
      case '.':
        this.#take()
        return this.#has(regexFlags.DOTALL) ? '.' : '[^\\n]'
      default:
        return this.#plain(character)
    }
  }

  #plain(character: string): string {
    if (this.#has(regexFlags.VERBOSE)) {
      if (/\s/u.test(character)) {
        this.#take()
        return ''
      }
      if (character === '#') {
        const end = this.#pattern.indexOf('\n', this.#index)
        this.#index = end < 0 ? this.#pattern.length : end + 1
        return ''
      }
    }
    const taken = this.#take()
    return /[\]}/]/u.test(taken) ? `\\${taken}` : taken
  }

  /** `{2}`, `{2,}`, `{,3}`; any other brace is an ordinary character. */
  #repetition(): string {
    const match = /^\{(\d*)(,?)(\d*)\}/u.exec(this.#pattern.slice(this.#index))
    if (!match || (match[1] === '' && match[3] === '')) {
      this.#take()
      return '\\{'
    }
    this.#take(match[0].length)
    return `{${match[1] === '' ? '0' : match[1]}${match[2]}${match[3]}}`
  }

  #group(): string {
    const rest = this.#pattern.slice(this.#index)
    const reference = /^\(\?P=(\w+)\)/u.exec(rest)
    if (reference) {
      this.#take(reference[0].length)
      return `\\k<${reference[1]}>`
    }
    if (rest.startsWith('(?#')) {
      const end = rest.indexOf(')')
      this.#take(end < 0 ? rest.length : end + 1)
      return ''
    }
    const named = /^\(\?P<(\w+)>/u.exec(rest)
    const plain = /^\(\?(?:[:=!]|<[=!])/u.exec(rest)
    const scoped = /^\(\?([aiLmsux]*)(?:-([imsx]+))?:/u.exec(rest)
    this.#openGroups += 1
    if (named) {
      this.#take(named[0].length)
      return `(?<${named[1]}>`
    }
    if (plain) return this.#take(plain[0].length)
    if (scoped) {
      this.#take(scoped[0].length)
      return modifierGroup(scoped[1] ?? '', scoped[2] ?? '')
    }
    if (rest.startsWith('(?')) throw patternError(`unknown extension in regular expression: ${rest.slice(0, 4)}`)
    return this.#take()
  }

  #escape(): string {
    const letter = this.#pattern.charAt(this.#index + 1)
    if (letter === '') throw patternError('bad escape (end of pattern)')
    const code = this.#codePoint()
    if (code !== undefined) return code
    this.#take(2)
    switch (letter) {
      case 'A':
        return '(?<![\\s\\S])'
      case 'Z':
        return '(?![\\s\\S])'
      case 'b':
        return this.#boundary(false)
      case 'B':
        return this.#boundary(true)
      default:
        return this.#classOf(letter) ?? quoted(letter)
    }
  }

  #boundary(isNegated: boolean): string {
    const word = `[${this.#members('w')}]`
    const inside = `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
    return isNegated ? `(?!${inside})` : inside
  }

  #members(letter: string): string {
    if (this.#has(regexFlags.ASCII)) return asciiClasses[letter] ?? ''
    return letter === 's' ? whitespaceClass : (unicodeClasses[letter] ?? '')
  }

  /** `\d` and its like, outside of brackets. */
  #classOf(letter: string): string | undefined {
    if (!/[wWdDsS]/u.test(letter)) return undefined
    return `[${letter === letter.toUpperCase() ? '^' : ''}${this.#members(letter.toLowerCase())}]`
  }

  /** `\x41`, `\u0041`, `\U00000041`, `\n` and its like. */
  #codePoint(): string | undefined {
    const rest = this.#pattern.slice(this.#index)
    const hex = /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/u.exec(rest)
    if (hex) {
      this.#take(hex[0].length)
      return `\\u{${Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '0', 16).toString(16)}}`
    }
    const octal = /^\\0[0-7]{0,2}/u.exec(rest)
    if (octal) {
      this.#take(octal[0].length)
      return `\\u{${Number.parseInt(octal[0].slice(1), 8).toString(16)}}`
    }
    if (/^\\[nrtfv]/u.test(rest)) return this.#take(2)
    if (rest.startsWith('\\a')) {
      this.#take(2)
      return '\\x07'
    }
    return /^\\[1-9]/u.test(rest) ? this.#take(/^\\[1-9]\d?/u.exec(rest)?.[0].length ?? 2) : undefined
  }

  #characterClass(): string {
    this.#take()
    let source = '['
    if (this.#pattern.startsWith('^', this.#index)) source += this.#take()
    let isFirst = true
    for (;;) {
      const character = this.#pattern.charAt(this.#index)
      if (character === '') throw patternError(`unterminated character set in ${JSON.stringify(this.#pattern)}`)
      if (character === ']' && !isFirst) {
        this.#take()
        return `${source}]`
      }
      source += this.#classMember(character)
      isFirst = false
    }
  }

  #classMember(character: string): string {
    if (character !== '\\') {
      const taken = this.#take((this.#pattern.codePointAt(this.#index) ?? 0) > 0xffff ? 2 : 1)
      return /[[\](){}/|^$.*+?]/u.test(taken) ? `\\${taken}` : taken
    }
    const letter = this.#pattern.charAt(this.#index + 1)
    const code = /[1-9]/u.test(letter) ? undefined : this.#codePoint()
    if (code !== undefined) return code
    this.#take(2)
    if (/[wds]/u.test(letter)) return this.#members(letter)
    if (letter === 'W' || letter === 'D' || letter === 'S') return negatedMembers(letter, this.#has(regexFlags.ASCII))
    return letter === 'b' ? '\\x08' : quoted(letter)
  }
}

/** Inside of brackets the opposite of \w cannot be spelled with its members; JavaScript's own classes come close. */
function negatedMembers(letter: string, isAscii: boolean): string {
  if (letter === 'D' && !isAscii) return '\\P{Nd}'
  return `\\${letter}`
}

/** A group whose flags differ, where the runtime knows them. */
function modifierGroup(on: string, off: string): string {
  const supported = (letters: string) => letters.replace(/[^ims]/gu, '')
  const [added, removed] = [supported(on), supported(off)]
  return added === '' && removed === '' ? '(?:' : `(?${added}${removed === '' ? '' : `-${removed}`}:`
}

/** A character that stands for itself. Letters that mean nothing are an error, as in Python. */
function quoted(letter: string): string {
  if (/[a-zA-Z]/u.test(letter)) throw patternError(`bad escape \\${letter}`)
  return /[\^$\\.*+?()[\]{}|/-]/u.test(letter) ? `\\${letter}` : letter
}
