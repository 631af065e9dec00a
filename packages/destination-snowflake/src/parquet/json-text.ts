import { valueFormatter } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { Data } from 'apache-arrow'

/** Writes a value of an Arrow column as JSON text. */
type JsonWriter = (data: Data, row: number) => string

/**
 * The JSON of a list, for a column of type ARRAY. Numbers are JSON numbers with all their digits, booleans and JSON
 * documents themselves; every other value is its text, and so are the floats that JSON has no number for.
 */
export function listJsonWriter(element: ColumnType): JsonWriter {
  const write = jsonWriter(element)
  return (data, row) => {
    const [elements] = data.children as [Data]
    const offsets = data.valueOffsets as Int32Array
    const texts: string[] = []
    for (let index = offsets[row]!; index < offsets[row + 1]!; index++) {
      texts.push(elements.getValid(index) ? write(elements, index) : 'null')
    }
    return `[${texts.join(',')}]`
  }
}

function jsonWriter(type: ColumnType): JsonWriter {
  const text = valueFormatter(type)
  switch (type.type) {
    case 'list':
      return listJsonWriter(type.element)
    case 'json':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
      return (data, row) => text(data, row)!
    case 'boolean':
      return (data, row) => (text(data, row) === 't' ? 'true' : 'false')
    case 'float32':
      return (data, row) => floatJson(text(data, row)!)
    case 'float64':
      return (data, row) => floatJson(shortestText(data.values[row]))
    default:
      return (data, row) => JSON.stringify(text(data, row))
  }
}

/**
 * The fewest digits of which any reader makes the same double. PostgreSQL's own text has one more where the number lies
 * half-way between two doubles, and then is no number that VARIANT keeps.
 */
function shortestText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** `Infinity` and `NaN` are no JSON; `1e+20` is. */
function floatJson(text: string): string {
  return /^-?\d/u.test(text) ? text : JSON.stringify(text)
}
