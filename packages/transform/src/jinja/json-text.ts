import { floatText } from './float-text.ts'
import { asMapping } from './mapping.ts'
import { isFloat, isNumeric } from './python-number.ts'
import { asItems, isOrdered } from './python-object.ts'
import { typeName } from './python-text.ts'
import { typeError, valueError } from './template-error.ts'

interface JsonOptions {
  /** Blanks per level; without it everything stands on one line. */
  readonly indent?: number | undefined
  readonly sortKeys?: boolean | undefined
}

/** Python's json.dumps: ", " and ": " between parts, everything beyond ASCII escaped. */
export function jsonText(value: unknown, options: JsonOptions = {}): string {
  return writeValue(value, options, [])
}

function writeValue(value: unknown, options: JsonOptions, ancestors: readonly unknown[]): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'boolean') return String(value)
  if (isNumeric(value)) return numberText(value)
  if (ancestors.includes(value)) throw valueError('Circular reference detected')
  const inner = [...ancestors, value]
  const items = asItems(value)
  if (items)
    return writeParts(
      '[',
      ']',
      items.map((item) => writeValue(item, options, inner)),
      options,
      inner.length,
    )
  const mapping = asMapping(value)
  if (!mapping) throw typeError(`Object of type ${typeName(value)} is not JSON serializable`)
  const entries = [...mapping.entries()]
  if (options.sortKeys) entries.sort(([left], [right]) => (isOrdered('<', left, right) ? -1 : 1))
  const parts = entries.map(([key, item]) => `${quote(keyText(key))}: ${writeValue(item, options, inner)}`)
  return writeParts('{', '}', parts, options, inner.length)
}

function writeParts(open: string, close: string, parts: string[], { indent }: JsonOptions, depth: number): string {
  if (parts.length === 0) return open + close
  if (indent === undefined) return open + parts.join(', ') + close
  const newline = `\n${' '.repeat(indent * depth)}`
  return open + newline + parts.join(`,${newline}`) + `\n${' '.repeat(indent * (depth - 1))}` + close
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key
  if (key === null) return 'null'
  if (typeof key === 'boolean') return String(key)
  if (isNumeric(key)) return numberText(key)
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`)
}

function numberText(value: unknown): string {
  if (!isFloat(value)) return String(value)
  const number = Number(value)
  if (Number.isNaN(number)) return 'NaN'
  return Number.isFinite(number) ? floatText(number) : number < 0 ? '-Infinity' : 'Infinity'
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\x80-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
