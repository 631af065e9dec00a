import type { JsonObject } from '../checkpoint.ts'
import { formatColumnType, parseColumnType } from '../column-type.ts'
import type { ColumnType } from '../column-type.ts'
import type { Column } from '../stream.ts'

/*
 * Column types as Airbyte declares them: JSON Schema's `type` and `format`, and `airbyte_type` where these do not say
 * enough. Beside them stands our own type, which other programs pass over: JSON Schema has no precision, no uuid and no
 * interval, and between two connectors of ours no column changes its type.
 *
 * | type            | declared as                                        | written as                             |
 * |-----------------|----------------------------------------------------|----------------------------------------|
 * | boolean         | boolean                                            | true                                   |
 * | int16/32/64     | integer                                            | all digits, also beyond 2^53           |
 * | float32/64      | number                                             | shortest digits; NaN and infinities are NULL with a change in `meta` |
 * | decimal         | number                                             | all digits                             |
 * | text, uuid, interval | string                                        | as PostgreSQL prints it                |
 * | bytes           | string, contentEncoding base64                     | base64                                 |
 * | date            | string, format date                                | 2026-01-31, 0044-03-15 BC; infinities are NULL with a change |
 * | time, timetz    | string, format time, time_without/with_timezone    | 12:00:00.5, 12:00:00+02:00             |
 * | timestamp(tz)   | string, format date-time, timestamp_without/with_timezone | 2026-01-31T12:00:00.000001Z     |
 * | json            | any type                                           | the document                           |
 * | list            | array                                              | array                                  |
 */
const eclusaType = 'x-eclusa-type'

const stringSchema: JsonObject = { type: 'string' }
const dateTime = (airbyteType: string): JsonObject => ({
  type: 'string',
  format: 'date-time',
  airbyte_type: airbyteType,
})
const time = (airbyteType: string): JsonObject => ({ type: 'string', format: 'time', airbyte_type: airbyteType })
const anyTypes = ['object', 'array', 'string', 'number', 'boolean']

/** What `discover` declares of a column. */
export function columnSchema({ type, nullable }: Column): JsonObject {
  const schema = typeSchema(type)
  return {
    ...schema,
    ...(nullable ? { type: ['null', ...typeNames(schema)] } : {}),
    [eclusaType]: formatColumnType(type),
  }
}

function typeSchema(type: ColumnType): JsonObject {
  switch (type.type) {
    case 'boolean':
      return { type: 'boolean' }
    case 'int16':
    case 'int32':
    case 'int64':
      return { type: 'integer' }
    case 'float32':
    case 'float64':
    case 'decimal':
      return { type: 'number' }
    case 'bytes':
      return { type: 'string', contentEncoding: 'base64' }
    case 'date':
      return { type: 'string', format: 'date' }
    case 'time':
      return time('time_without_timezone')
    case 'timetz':
      return time('time_with_timezone')
    case 'timestamp':
      return dateTime('timestamp_without_timezone')
    case 'timestamptz':
      return dateTime('timestamp_with_timezone')
    case 'json':
      return { type: anyTypes }
    case 'list':
      return { type: 'array', items: columnSchema({ name: 'item', type: type.element, nullable: true }) }
    default:
      return stringSchema
  }
}

/**
 * The column that a property of any connector declares. Without our own type beside it, a whole number is an int64, which
 * holds what nearly all sources mean; another number is a float64, as JSON has no other; what has several types is JSON.
 */
export function columnOfSchema(name: string, property: unknown): Column {
  const schema = isObject(property) ? property : {}
  const types = typeNames(schema)
  const own = typeof schema[eclusaType] === 'string' ? parseColumnType(schema[eclusaType]) : undefined
  return { name, type: own ?? declaredType(schema, types), nullable: types.includes('null') || types.length !== 1 }
}

function declaredType(schema: JsonObject, types: readonly string[]): ColumnType {
  const present = types.filter((type) => type !== 'null')
  if (present.length === 2 && present.includes('integer') && present.includes('number')) return { type: 'float64' }
  if (present.length !== 1) return { type: 'json' }
  switch (present[0]) {
    case 'boolean':
      return { type: 'boolean' }
    case 'integer':
      return { type: 'int64' }
    case 'number':
      return schema['airbyte_type'] === 'integer' ? { type: 'int64' } : { type: 'float64' }
    case 'string':
      return stringType(schema)
    default:
      return { type: 'json' }
  }
}

function stringType({ format, airbyte_type: airbyteType, contentEncoding }: JsonObject): ColumnType {
  if (contentEncoding === 'base64') return { type: 'bytes' }
  if (airbyteType === 'integer' || airbyteType === 'big_integer') return { type: 'int64' }
  if (format === 'date') return { type: 'date' }
  // Without a word about time zones Airbyte takes a date-time for one that has an offset.
  if (format === 'date-time')
    return { type: airbyteType === 'timestamp_without_timezone' ? 'timestamp' : 'timestamptz' }
  if (format === 'time') return { type: airbyteType === 'time_with_timezone' ? 'timetz' : 'time' }
  return { type: 'text' }
}

function typeNames(schema: JsonObject): readonly string[] {
  const { type, oneOf, anyOf } = schema
  if (typeof type === 'string') return [type]
  if (Array.isArray(type)) return type.filter((name) => typeof name === 'string')
  const alternatives = [oneOf, anyOf].flatMap((list) => (Array.isArray(list) ? list : []))
  return [...new Set(alternatives.flatMap((alternative) => (isObject(alternative) ? typeNames(alternative) : [])))]
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
