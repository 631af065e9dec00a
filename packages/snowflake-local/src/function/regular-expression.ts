import { nativeError } from './native-function.ts'
import type { NativeFunction } from './native-function.ts'

const classes: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
}

const compiled = new Map<string, RegExp>()

function compile(pattern: string, parameters: string, whole = false): RegExp {
  const key = `${whole ? '^' : ''}${parameters}/${pattern}`
  const known = compiled.get(key)
  if (known !== undefined) {
    known.lastIndex = 0
    return known
  }
  const made = build(pattern, parameters, whole)
  compiled.set(key, made)
  return made
}

function build(pattern: string, parameters: string, whole: boolean): RegExp {
  const source = pattern.replaceAll(/\[:(\w+):\]/gu, (text, name: string) => classes[name] ?? text)
  const isLast = (on: string, off: string): boolean => parameters.lastIndexOf(on) > parameters.lastIndexOf(off)
  const flags = `g${isLast('i', 'c') ? 'i' : ''}${parameters.includes('m') ? 'm' : ''}${parameters.includes('s') ? 's' : ''}`
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, flags)
  } catch {
    throw nativeError('100048', '2201B', `Invalid regular expression: '${pattern}'`)
  }
}

/** From the nth character on, the nth match. */
function find(text: string, pattern: RegExp, from: bigint, occurrence: bigint): RegExpExecArray | undefined {
  pattern.lastIndex = Math.max(Number(from) - 1, 0)
  for (let place = 1n; ; place += 1n) {
    const match = pattern.exec(text)
    if (match === null) return undefined
    if (place === occurrence) return match
    if (match[0] === '') pattern.lastIndex += 1
  }
}

/** With the parameter `e` a match is its group, the first when none is named. */
function groupOf(parameters: string, group: bigint): number {
  return group > 0n ? Number(group) : parameters.includes('e') ? 1 : 0
}

function count(text: string, pattern: string, from: bigint, parameters: string): bigint {
  const rest = text.slice(Math.max(Number(from) - 1, 0))
  return BigInt([...rest.matchAll(compile(pattern, parameters))].length)
}

function replace(
  text: string,
  pattern: string,
  replacement: string,
  from: bigint,
  occurrence: bigint,
  parameters: string,
): string {
  const start = Math.max(Number(from) - 1, 0)
  let seen = 0n
  const replaced = text.slice(start).replace(compile(pattern, parameters), (...match: (string | undefined)[]) => {
    seen += 1n
    if (occurrence > 0n && seen !== occurrence) return match[0] ?? ''
    return replacement.replaceAll(/\\(\\|\d)/gu, (_, digit: string) =>
      digit === '\\' ? '\\' : (match[Number(digit)] ?? ''),
    )
  })
  return text.slice(0, start) + replaced
}

export const regularExpressionFunctions: readonly NativeFunction[] = [
  {
    name: 'sf_regexp_like',
    parameters: ['text', 'text', 'text'],
    returns: 'boolean',
    compute: (text: string, pattern: string, parameters: string) => compile(pattern, parameters, true).test(text),
  },
  {
    name: 'sf_regexp_count',
    parameters: ['text', 'text', 'integer', 'text'],
    returns: 'integer',
    compute: count,
  },
  {
    name: 'sf_regexp_substr',
    parameters: ['text', 'text', 'integer', 'integer', 'text', 'integer'],
    returns: 'text',
    compute: (text: string, pattern: string, from: bigint, occurrence: bigint, parameters: string, group: bigint) =>
      find(text, compile(pattern, parameters), from, occurrence)?.[groupOf(parameters, group)] ?? null,
  },
  {
    name: 'sf_regexp_substr_all',
    parameters: ['text', 'text', 'integer', 'integer', 'text', 'integer'],
    returns: 'text',
    compute: (text: string, pattern: string, from: bigint, occurrence: bigint, parameters: string, group: bigint) => {
      const rest = text.slice(Math.max(Number(from) - 1, 0))
      const matches = [...rest.matchAll(compile(pattern, parameters))].slice(Number(occurrence) - 1)
      return JSON.stringify(matches.map((match) => match[groupOf(parameters, group)] ?? null))
    },
  },
  {
    name: 'sf_regexp_instr',
    parameters: ['text', 'text', 'integer', 'integer', 'integer', 'text', 'integer'],
    returns: 'integer',
    compute: (
      text: string,
      pattern: string,
      from: bigint,
      occurrence: bigint,
      behind: bigint,
      parameters: string,
      group: bigint,
    ) => {
      const match = find(text, compile(pattern, parameters), from, occurrence)
      if (match === undefined) return 0n
      const part = match[groupOf(parameters, group)] ?? ''
      const start = match.index + match[0].indexOf(part)
      return BigInt(start + (behind === 1n ? part.length : 0) + 1)
    },
  },
  {
    name: 'sf_regexp_replace',
    parameters: ['text', 'text', 'text', 'integer', 'integer', 'text'],
    returns: 'text',
    compute: replace,
  },
]
