import { parse } from 'yaml'
import { floatText } from '../jinja/float-text.ts'
import { jsonText } from '../jinja/json-text.ts'
import { asMapping } from '../jinja/mapping.ts'
import { PySet } from '../jinja/python-collections.ts'
import { isFloat, isNumeric } from '../jinja/python-number.ts'
import { asItems, sortValues } from '../jinja/python-object.ts'
import { textOf, typeName } from '../jinja/python-text.ts'
import { typeError } from '../jinja/template-error.ts'

/** Python's `yaml.safe_dump`: blocks, lists not indented. Long texts stay on one line, which reads as the same value. */
export function yamlText(value: unknown, { sortKeys = false }: { readonly sortKeys?: boolean } = {}): string {
  const lines = blockOf(value, sortKeys)
  if (lines !== undefined) return `${lines.join('\n')}\n`
  const text = flowOf(value)
  return /^['"[{]/u.test(text) ? `${text}\n` : `${text}\n...\n`
}

/** The lines of a list or a dict with content; undefined for what stands on one line. */
function blockOf(value: unknown, sortKeys: boolean): string[] | undefined {
  const items = asItems(value)
  if (items !== undefined) return items.length === 0 ? undefined : items.flatMap((item) => listItem(item, sortKeys))
  const mapping = asMapping(value)
  if (mapping === undefined || mapping.size === 0) return undefined
  const keys = sortKeys ? sortValues([...mapping.keys()]) : [...mapping.keys()]
  return keys.flatMap((key) => entry(flowOf(key), mapping.get(key) ?? null, sortKeys))
}

function listItem(item: unknown, sortKeys: boolean): string[] {
  const lines = blockOf(item, sortKeys)
  if (lines === undefined) return [`- ${flowOf(item, '  ')}`]
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
}

function entry(key: string, value: unknown, sortKeys: boolean): string[] {
  const lines = blockOf(value, sortKeys)
  if (lines === undefined) return [`${key}: ${flowOf(value, '  ')}`]
  const indent = asItems(value) === undefined ? '  ' : ''
  return [`${key}:`, ...lines.map((line) => indent + line)]
}

function flowOf(value: unknown, indent = ''): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return stringText(value, indent)
  if (isNumeric(value)) return isFloat(value) ? floatOf(Number(value)) : textOf(value)
  if (asItems(value) !== undefined) return '[]'
  if (asMapping(value) !== undefined) return '{}'
  if (value instanceof PySet) return '!!set {}'
  throw typeError(`cannot represent an object of type ${typeName(value)} in YAML`)
}

function floatOf(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value < 0 ? '-.inf' : '.inf'
  return floatText(value)
}

/** Characters that only a text in double quotes can hold. */
const specialPattern = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd]|\n /u
const indicatorPattern = /^[,[\]{}#&*!|>'"%@`]|^[-?:](?:\s|$)|: |:$| #|^\s|\s$|\n|^---|^\.\.\./u

function stringText(text: string, indent: string): string {
  if (specialPattern.test(text)) return jsonText(text)
  if (text !== '' && !indicatorPattern.test(text) && isOwnReading(text)) return text
  return `'${text.replaceAll("'", "''").replaceAll('\n', `\n\n${indent}`)}'`
}

/** Whether the text without quotes is read as this text, and not as a number, a date or a truth. */
function isOwnReading(text: string): boolean {
  try {
    return parse(text, { version: '1.1' }) === text
  } catch {
    return false
  }
}
