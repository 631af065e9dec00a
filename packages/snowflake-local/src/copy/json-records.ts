import { isArray, isObject, writeJson } from '../function/json-value.ts'
import type { JsonValue } from '../function/json-value.ts'
import { parseJsonDocuments } from '../function/parse-json.ts'
import type { FileFormat } from './file-format.ts'

/** Documents one after the other, on lines or not, each as Snowflake would keep it. */
export function* readJson(text: string, { stripOuterArray, stripNullValues }: FileFormat): Generator<string> {
  for (const document of parseJsonDocuments(text)) {
    const values = stripOuterArray && isArray(document) ? document : [document]
    for (const value of values) yield writeJson(stripNullValues ? withoutNulls(value) : value)
  }
}

function withoutNulls(value: JsonValue): JsonValue {
  if (isArray(value)) return value.filter((item) => item !== null).map(withoutNulls)
  if (!isObject(value)) return value
  return new Map([...value].filter(([, item]) => item !== null).map(([key, item]) => [key, withoutNulls(item)]))
}
