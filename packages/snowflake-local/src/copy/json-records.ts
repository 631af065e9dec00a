import { isArray, isObject, writeJson } from '../function/json-value.ts'
import type { JsonValue } from '../function/json-value.ts'
import { parseJsonDocuments } from '../function/parse-json.ts'
import { JsonDocuments } from './json-documents.ts'
import type { FileFormat } from './file-format.ts'

/** Documents one after the other, on lines or not, each as Snowflake would keep it. */
export async function* readJson(
  blocks: AsyncIterable<string>,
  { stripOuterArray, stripNullValues }: FileFormat,
): AsyncGenerator<string> {
  const write = (value: JsonValue): string => writeJson(stripNullValues ? withoutNulls(value) : value)
  const documents = new JsonDocuments({ stripOuterArray })
  for await (const block of blocks) {
    for (const document of documents.push(block.replace(/^\uFEFF/u, ''))) yield* written(document, write)
  }
  for (const document of documents.end()) yield* written(document, write)
}

function* written(document: string, write: (value: JsonValue) => string): Generator<string> {
  for (const value of parseJsonDocuments(document)) yield write(value)
}

function withoutNulls(value: JsonValue): JsonValue {
  if (isArray(value)) return value.filter((item) => item !== null).map(withoutNulls)
  if (!isObject(value)) return value
  return new Map([...value].filter(([, item]) => item !== null).map(([key, item]) => [key, withoutNulls(item)]))
}
