import { formatWithSpec } from './format-spec.ts'
import { memberOf, valueAt } from './members.ts'
import type { KeywordArguments } from './protocol.ts'
import { asciiRepr, reprOfValue, textOf, typeName } from './python-text.ts'
import { OperationError, valueError } from './template-error.ts'

/** Fields may stand inside the format of a field, but not deeper: `{:{width}}`. */
const depthMax = 2

/** Python's `template.format(*args, **kwargs)`. */
export function formatBraces(template: string, args: readonly unknown[], kwargs: KeywordArguments): string {
  return new BraceFormatter(args, kwargs).format(template, depthMax)
}

class BraceFormatter {
  readonly #args: readonly unknown[]
  readonly #kwargs: KeywordArguments
  #automaticIndex = 0
  #numbering: 'automatic' | 'manual' | undefined

  constructor(args: readonly unknown[], kwargs: KeywordArguments) {
    this.#args = args
    this.#kwargs = kwargs
  }

  format(template: string, depth: number): string {
    if (depth === 0) throw valueError('Max string recursion exceeded')
    let result = ''
    let offset = 0
    while (offset < template.length) {
      const brace = template.slice(offset).search(/[{}]/)
      if (brace < 0) return result + template.slice(offset)
      const at = offset + brace
      result += template.slice(offset, at)
      if (template[at] === template[at + 1]) {
        result += template[at]
        offset = at + 2
      } else if (template[at] === '}') {
        throw valueError("Single '}' encountered in format string")
      } else {
        const end = fieldEnd(template, at)
        result += this.#field(template.slice(at + 1, end), depth)
        offset = end + 1
      }
    }
    return result
  }

  #field(field: string, depth: number): string {
    const { path, conversion, spec } = splitField(field)
    const value = this.#resolve(path)
    const converted = convert(value, conversion)
    return formatWithSpec(converted, spec.includes('{') ? this.format(spec, depth - 1) : spec)
  }

  #resolve(path: string): unknown {
    const [, name = '', rest = ''] = /^([^.[]*)([\s\S]*)$/.exec(path) ?? []
    let value = this.#argument(name)
    for (const [step, attribute, item] of rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]|[\s\S]/g)) {
      if (attribute !== undefined) value = this.#attribute(value, attribute)
      else if (item !== undefined) value = itemOf(value, item)
      else throw valueError(step === '[' ? "expected '}' before end of string" : 'Empty attribute in format string')
    }
    return value
  }

  #argument(name: string): unknown {
    const isAutomatic = name === ''
    if (!isAutomatic && !/^\d+$/.test(name)) {
      if (!Object.hasOwn(this.#kwargs, name)) throw new OperationError('key', reprOfValue(name))
      return this.#kwargs[name]
    }
    const numbering = isAutomatic ? 'automatic' : 'manual'
    if (this.#numbering !== undefined && this.#numbering !== numbering) {
      const [from, to] = isAutomatic
        ? ['manual field specification', 'automatic field numbering']
        : ['automatic field numbering', 'manual field specification']
      throw valueError(`cannot switch from ${from} to ${to}`)
    }
    this.#numbering = numbering
    const index = isAutomatic ? this.#automaticIndex++ : Number(name)
    if (index >= this.#args.length) {
      throw new OperationError('index', `Replacement index ${index} out of range for positional args tuple`)
    }
    return this.#args[index]
  }

  #attribute(value: unknown, name: string): unknown {
    const member = memberOf(value, name)
    if (member !== undefined) return member
    throw new OperationError('attribute', `'${typeName(value)}' object has no attribute '${name}'`)
  }
}

function fieldEnd(template: string, start: number): number {
  let depth = 0
  for (let index = start; index < template.length; index += 1) {
    if (template[index] === '{') depth += 1
    else if (template[index] === '}') depth -= 1
    if (depth === 0) return index
  }
  throw valueError(
    start === template.length - 1 ? "Single '{' encountered in format string" : "expected '}' before end of string",
  )
}

function splitField(field: string): { path: string; conversion: string | undefined; spec: string } {
  const [, path = '', mark, rest = ''] = /^([^!:{[]*(?:\[[^\]]*\][^!:{[]*)*)([!:]?)([\s\S]*)$/.exec(field) ?? []
  if (mark !== '!') return { path, conversion: undefined, spec: rest }
  if (rest.length > 1 && rest[1] !== ':') throw valueError("expected ':' after conversion specifier")
  return { path, conversion: rest[0] ?? '', spec: rest.slice(2) }
}

function convert(value: unknown, conversion: string | undefined): unknown {
  switch (conversion) {
    case undefined:
      return value
    case 's':
      return textOf(value)
    case 'r':
      return reprOfValue(value)
    case 'a':
      return asciiRepr(value)
    case '':
      throw valueError('end of string while looking for conversion specifier')
    default:
      throw valueError(`Unknown conversion specifier ${conversion}`)
  }
}

function itemOf(value: unknown, text: string): unknown {
  const key = /^\d+$/.test(text) ? Number(text) : text
  const item = valueAt(value, key)
  if (item !== undefined) return item
  if (typeName(value) === 'dict') throw new OperationError('key', reprOfValue(key))
  throw new OperationError('index', `${typeName(value)} index out of range`)
}
