import type { Call, Expression } from '../jinja/ast.ts'
import type { Environment } from '../jinja/environment.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { PyFloat } from '../jinja/python-number.ts'
import { readReference, readSourceReference } from './parse-template.ts'
import type { Reference, SourceReference } from './parse-template.ts'

/** What an expression without any name in it is worth; undefined when it has one. */
export function literalValue(expression: Expression): { readonly value: unknown } | undefined {
  switch (expression.kind) {
    case 'Constant':
      return { value: expression.value instanceof PyFloat ? expression.value.value : expression.value }
    case 'List':
    case 'Tuple':
      return literalItems(expression.items)
    case 'Dict': {
      const keys = literalItems(expression.entries.map(({ key }) => key))
      const values = literalItems(expression.entries.map(({ value }) => value))
      if (keys === undefined || values === undefined) return undefined
      return { value: Object.fromEntries(keys.value.map((key, index) => [String(key), values.value[index]])) }
    }
    default:
      return undefined
  }
}

function literalItems(items: readonly Expression[]): { readonly value: unknown[] } | undefined {
  const values = items.map(literalValue)
  return values.includes(undefined) ? undefined : { value: values.map((one) => one!.value) }
}

export interface LiteralCall {
  readonly name: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

/** `name(1, key='x')`: a call of a plain name whose arguments are all literal. */
export function literalCall({ callee, arguments: args }: Call): LiteralCall | undefined {
  if (callee.kind !== 'Name' || args.spread !== undefined || args.keywordSpread !== undefined) return undefined
  const positional = literalItems(args.positional)
  const keywords = literalItems(args.keywords.map(({ value }) => value))
  if (positional === undefined || keywords === undefined) return undefined
  const kwargs = Object.fromEntries(args.keywords.map(({ name }, index) => [name, keywords.value[index]]))
  return { name: callee.name, args: positional.value, kwargs }
}

export type NamedRelation =
  | { readonly ref: Reference }
  | { readonly source: SourceReference }
  | { readonly metric: readonly string[] }

/** `ref('orders', v=2)`, `source('raw', 'orders')` or `metric('revenue')` as a YAML file names what it is about; undefined for anything else. */
export function readRelationText(environment: Environment, text: string): NamedRelation | undefined {
  try {
    const body = environment.parse(`{{ ${text} }}`).tree.body
    const [only] = body
    if (body.length !== 1 || only?.kind !== 'Output' || only.value.kind !== 'Call') return undefined
    const call = literalCall(only.value)
    if (call?.name === 'ref') return { ref: readReference(call.args, call.kwargs) }
    if (call?.name === 'metric') return { metric: call.args.map(String) }
    if (call?.name === 'source') return { source: readSourceReference(call.args) }
    return undefined
  } catch (error) {
    if (error instanceof TemplateError || error instanceof Error) return undefined
    throw error
  }
}
