import { z } from 'zod'
import { JsonNumber } from './json-number.ts'

/**
 * What a JSON text can hold. A number is a `JsonNumber` where a JavaScript number would change its value; the reader
 * never makes a bigint, the writer takes one.
 */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonNumber
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

export type JsonObject = { readonly [key: string]: JsonValue | undefined }

/** True for what JSON text in braces parses to: neither null, nor an array, nor a number kept as an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JsonNumber.isInstance(value)
}

/**
 * Any JSON object, taken as it is: the same reference comes out. A zod record would copy it, and lose a key named
 * `__proto__`.
 */
export const jsonObjectSchema = z.custom<JsonObject>(isJsonObject, { error: 'Invalid input: expected object' })
