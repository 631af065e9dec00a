import type { CallArguments, Expression } from './ast.ts'
import type { Eventual } from './eventual.ts'
import type { Code, Frame } from './frame.ts'
import { asMapping } from './mapping.ts'
import type { KeywordArguments } from './protocol.ts'
import { iterate } from './python-object.ts'
import { typeName } from './python-text.ts'
import { withValue, withValues } from './steps.ts'
import { typeError } from './template-error.ts'

interface GivenArguments {
  readonly args: readonly unknown[]
  readonly kwargs: KeywordArguments
}

const noKeywords: KeywordArguments = Object.freeze(Object.create(null) as Record<string, unknown>)

/** The values of several expressions, evaluated one after the other. */
export function allCode(codes: readonly Code[]): Code<unknown[]> {
  return (frame) => collect(codes, frame, [])
}

function collect(codes: readonly Code[], frame: Frame, values: unknown[]): Eventual<unknown[]> {
  while (values.length < codes.length) {
    const value = codes[values.length]!(frame)
    if (value instanceof Promise) {
      return value.then((settled) => {
        values.push(settled)
        return collect(codes, frame, values)
      })
    }
    values.push(value)
  }
  return values
}

/** @param more keywords that the call gets beside its own */
export function argumentsCode(
  node: CallArguments,
  codeOf: (expression: Expression) => Code,
  more: readonly KeywordCode[] = [],
): Code<GivenArguments> {
  const positional = allCode(node.positional.map(codeOf))
  const all = node.spread
    ? withValues(positional, codeOf(node.spread), (args, spread) => [...args, ...iterate(spread)])
    : positional
  const keywords = [...node.keywords.map(({ name, value }) => ({ name, code: codeOf(value) })), ...more]
  if (keywords.length === 0 && node.keywordSpread === undefined) {
    return withValue(all, (args) => ({ args, kwargs: noKeywords }))
  }
  const named = keywordsCode(keywords, node.keywordSpread && codeOf(node.keywordSpread))
  return withValues(all, named, (args, kwargs) => ({ args, kwargs }))
}

interface KeywordCode {
  readonly name: string
  readonly code: Code
}

function keywordsCode(keywords: readonly KeywordCode[], spread: Code | undefined): Code<KeywordArguments> {
  const names = keywords.map(({ name }) => name)
  const given = withValue(allCode(keywords.map(({ code }) => code)), (values) => keywordArguments(names, values))
  return spread ? withValues(given, spread, addKeywords) : given
}

/** Without a prototype, so that any name can be a keyword. */
function keywordArguments(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const kwargs = Object.create(null) as Record<string, unknown>
  for (let index = 0; index < names.length; index += 1) kwargs[names[index]!] = values[index]
  return kwargs
}

function addKeywords(kwargs: Record<string, unknown>, value: unknown): KeywordArguments {
  const mapping = asMapping(value)
  if (!mapping) throw typeError(`argument after ** must be a mapping, not ${typeName(value)}`)
  for (const [name, item] of mapping.entries()) {
    if (typeof name !== 'string') throw typeError('keywords must be strings')
    if (name in kwargs) throw typeError(`got multiple values for keyword argument '${name}'`)
    kwargs[name] = item
  }
  return kwargs
}
