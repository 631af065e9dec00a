import type { PostgresType } from '../postgres-type.ts'
import type { VariableColumn } from './arrow-column.ts'
import { parseArrayLiteral } from './array-literal.ts'
import type { ArrayItem } from './array-literal.ts'
import { plainMoney } from './money.ts'
import { parseRecordLiteral } from './record-literal.ts'
import { typeOid } from './type-oid.ts'
import { malformed, textOnlyCodec } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/*
 * Composites and multi-dimensional arrays as JSON, made from PostgreSQL's text: numbers with the digits that
 * PostgreSQL prints, NaN and the infinities as strings, json and jsonb embedded as they are, everything else a string.
 */

/** Writes one value as JSON. @param losses collects what the JSON does not say. */
type JsonWriter = (text: string, losses: JsonLosses) => string

interface JsonLosses {
  hasOtherBounds: boolean
}

const numberTypes: ReadonlySet<number> = new Set([
  typeOid.int2,
  typeOid.int4,
  typeOid.int8,
  typeOid.float4,
  typeOid.float8,
  typeOid.numeric,
  typeOid.oid,
  typeOid.xid,
  typeOid.cid,
  typeOid.xid8,
])

export interface JsonOptions {
  readonly moneyScale: number
}

/** A codec that stores the values of any type as JSON; the server has to send text. */
export function jsonTextCodec(type: PostgresType, options: JsonOptions): ValueCodec {
  const write = jsonWriterOf(type, options)
  return textOnlyCodec({
    columnType: { type: 'json' },
    decodeText(target: VariableColumn, row, text) {
      const losses: JsonLosses = { hasOtherBounds: false }
      target.appendText(row, write(text, losses))
      if (losses.hasOtherBounds) target.truncate(row, boundsLost, text)
    },
  })
}

export const boundsLost = 'the array does not start at index 1'

function jsonWriterOf(type: PostgresType, options: JsonOptions): JsonWriter {
  switch (type.kind) {
    case 'domain':
      return type.base ? jsonWriterOf(type.base, options) : writeString
    case 'array':
      return arrayWriter(type, options)
    case 'composite':
      return compositeWriter(type, options)
    case 'base':
      return baseWriter(type.oid, options)
    default:
      return writeString
  }
}

function baseWriter(oid: number, { moneyScale }: JsonOptions): JsonWriter {
  if (numberTypes.has(oid)) return writeNumber
  if (oid === typeOid.money) return (text) => plainMoney(text, moneyScale)
  if (oid === typeOid.bool) return (text) => (text === 't' ? 'true' : 'false')
  if (oid === typeOid.json || oid === typeOid.jsonb) return (text) => text
  return writeString
}

const writeString: JsonWriter = (text) => JSON.stringify(text)

/** JSON has no NaN and no Infinity. */
const writeNumber: JsonWriter = (text) => (/^-?\d/.test(text) ? text : JSON.stringify(text))

function arrayWriter(type: PostgresType, options: JsonOptions): JsonWriter {
  if (type.element === undefined) return writeString
  const writeElement = jsonWriterOf(type.element, options)
  const delimiter = type.element.delimiter ?? ','
  return (text, losses) => {
    const { items, hasOtherBounds } = parseArrayLiteral(text, delimiter)
    losses.hasOtherBounds ||= hasOtherBounds
    const write = (item: ArrayItem): string => {
      if (item === null) return 'null'
      return typeof item === 'string' ? writeElement(item, losses) : `[${item.map(write).join(',')}]`
    }
    return write(items)
  }
}

function compositeWriter(type: PostgresType, options: JsonOptions): JsonWriter {
  const fields = (type.fields ?? []).map((field) => ({
    key: JSON.stringify(field.name),
    write: jsonWriterOf(field.type, options),
  }))
  return (text, losses) => {
    const values = fields.length === 0 && text === '()' ? [] : parseRecordLiteral(text)
    if (values.length !== fields.length) {
      throw malformed(`the composite has ${values.length} fields instead of ${fields.length}`)
    }
    const members = fields.map(({ key, write }, index) => {
      const value = values[index]!
      return `${key}:${value === null ? 'null' : write(value, losses)}`
    })
    return `{${members.join(',')}}`
  }
}
