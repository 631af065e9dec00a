import type { CallArguments, Expression } from './ast.ts'
import { type Eventual, andThen } from './eventual.ts'
import type { Code, Frame } from './frame.ts'
import { asMapping } from './mapping.ts'
import type { KeywordArguments } from './protocol.ts'
import { iterate } from './python-object.ts'
import { typeName } from './python-text.ts'
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

/** `caller` is the macro of a call block, which the call gets as one more keyword. */
type ArgumentsCode = (frame: Frame, caller?: unknown) => Eventual<GivenArguments>

export function argumentsCode(node: CallArguments, codeOf: (expression: Expression) => Code): ArgumentsCode {
  const positional = allCode(node.positional.map(codeOf))
  const keywords = keywordsCode(node, codeOf)
  const all = node.spread ? spreadCode(positional, codeOf(node.spread)) : positional
  return (frame, caller) =>
    andThen(all(frame), (args) => andThen(keywords(frame, caller), (kwargs) => ({ args, kwargs })))
}

function spreadCode(positional: Code<unknown[]>, spread: Code): Code<unknown[]> {
  return (frame) => andThen(positional(frame), (args) => andThen(spread(frame), (more) => [...args, ...iterate(more)]))
}

function keywordsCode(
  { keywords, keywordSpread }: CallArguments,
  codeOf: (expression: Expression) => Code,
): (frame: Frame, caller?: unknown) => Eventual<KeywordArguments> {
  const values = allCode(keywords.map(({ value }) => codeOf(value)))
  const spread = keywordSpread && codeOf(keywordSpread)
  if (keywords.length === 0 && spread === undefined) {
    return (_frame, caller) => (caller === undefined ? noKeywords : named([['caller', caller]]))
  }
  return (frame, caller) =>
    andThen(values(frame), (found) => {
      const kwargs = named(keywords.map(({ name }, index) => [name, found[index]]))
      if (caller !== undefined) kwargs['caller'] = caller
      return spread ? andThen(spread(frame), (more) => addKeywords(kwargs, more)) : kwargs
    })
}

/** Without a prototype, so that any name can be a keyword. */
function named(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const kwargs = Object.create(null) as Record<string, unknown>
  for (const [name, value] of entries) kwargs[name] = value
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
