import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { literalValue } from './literal-value.ts'

/**
 * dbt's filters that say which type a value of a YAML file shall have: `as_text`, `as_bool`, `as_number`, `as_native`.
 * They mean something only where a whole value is rendered; in SQL they leave their operand alone.
 */
const names = ['as_text', 'as_bool', 'as_number', 'as_native'] as const
type TypeFilterName = (typeof names)[number]

/** For the text of models, macros and tests. */
export const textTypeFilters: Readonly<Record<string, NativeFunction>> = Object.fromEntries(
  names.map((name) => [name, new NativeFunction(name, 'value', (value: unknown) => value)]),
)

/** For values of YAML files: marks the text, for `nativeValue`. */
export const nativeTypeFilters: Readonly<Record<string, NativeFunction>> = Object.fromEntries(
  names.map((name) => [
    name,
    new NativeFunction(name, 'value', (value: unknown) => new TypedText(name, textOf(value))),
  ]),
)

class TypedText {
  readonly filter: TypeFilterName
  readonly text: string

  constructor(filter: TypeFilterName, text: string) {
    this.filter = filter
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/**
 * What a YAML value is whose template printed these values: the one value as it is, with the type that a filter asked
 * for; several as one text.
 *
 * @throws OperationError of kind `value` where a text is not of the type that was asked for
 */
export function nativeValue(values: readonly unknown[]): unknown {
  if (values.length !== 1) return values.map(textOf).join('')
  const [value] = values
  return value instanceof TypedText ? typedValue(value) : value
}

function typedValue({ filter, text }: TypedText): unknown {
  if (filter === 'as_text') return text
  const value = literalValue(text) ?? { value: text }
  const isNumber = typeof value.value === 'number' || typeof value.value === 'bigint'
  if (filter === 'as_bool' && typeof value.value !== 'boolean') throw notOfType(text, 'bool')
  if (filter === 'as_number' && !isNumber) throw notOfType(text, 'number')
  return value.value
}

function notOfType(text: string, type: string): OperationError {
  return new OperationError('value', `Could not convert value '${text}' into type '${type}'`)
}
