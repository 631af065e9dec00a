import { isArray, isObject, JsonNumber, plainText, typeOf, writeJson } from './json-value.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { nativeError } from './native-function.ts'
import type { NativeFunction } from './native-function.ts'
import { parseJson } from './parse-json.ts'
import { readPath, stepInto } from './json-path.ts'
import type { JsonStep } from './json-path.ts'

function read(text: string): JsonValue {
  return parseJson(text)
}

function readOrFail(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (cause) {
    throw nativeError('100069', '22P02', cause instanceof Error ? cause.message : '')
  }
}

function written(value: JsonValue | undefined): string | null {
  return value === undefined ? null : writeJson(value)
}

function items(text: string): readonly JsonValue[] {
  const value = read(text)
  return isArray(value) ? value : [value]
}

function entries(text: string): JsonObject {
  const value = read(text)
  return isObject(value) ? value : new Map()
}

function same(left: JsonValue, right: JsonValue): boolean {
  return writeJson(left) === writeJson(right)
}

/** Where a slice or an insertion stands: negative positions count from the end. */
function position(index: bigint, length: number): number {
  return index < 0n ? length + Number(index) : Number(index)
}

function follow(text: string, steps: readonly JsonStep[], ignoreCase = false): string | null {
  let value: JsonValue | undefined = read(text)
  for (const step of steps) {
    if (value === undefined) return null
    value = stepInto(value, step, ignoreCase)
  }
  return written(value)
}

function numberText(text: string): string | null {
  const value = read(text)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (value === null) return null
  if (value instanceof JsonNumber) return value.text
  if (typeof value === 'string') return value.trim()
  throw nativeError('100071', '22000', `Failed to cast variant value ${text} to FIXED`)
}

const access: readonly NativeFunction[] = [
  {
    name: 'sf_parse_json',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => (text.trim() === '' ? null : writeJson(readOrFail(text))),
  },
  {
    name: 'sf_try_parse_json',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => {
      try {
        return text.trim() === '' ? null : writeJson(read(text))
      } catch {
        return null
      }
    },
  },
  {
    name: 'sf_check_json',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => {
      try {
        parseJson(text)
        return null
      } catch (cause) {
        return cause instanceof Error ? cause.message.replace('Error parsing JSON: ', '') : null
      }
    },
  },
  { name: 'sf_plain_text', parameters: ['text'], returns: 'text', compute: (text: string) => plainText(read(text)) },
  { name: 'sf_number_text', parameters: ['text'], returns: 'text', compute: numberText },
  { name: 'sf_typeof', parameters: ['text'], returns: 'text', compute: (text: string) => typeOf(read(text)) },
  {
    name: 'sf_json_number',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => new JsonNumber(text).text,
  },
  {
    name: 'sf_json_double',
    parameters: ['float'],
    returns: 'text',
    compute: (value: number) => writeJson(new JsonNumber(value.toExponential())),
  },
  {
    name: 'sf_get_index',
    parameters: ['text', 'integer'],
    returns: 'text',
    compute: (text: string, index: bigint) => follow(text, [Number(index)]),
  },
  {
    name: 'sf_get_key',
    parameters: ['text', 'text', 'boolean'],
    returns: 'text',
    compute: (text: string, key: string, ignoreCase: boolean) => follow(text, [key], ignoreCase),
  },
  {
    name: 'sf_get_path',
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (text: string, path: string) => follow(text, readPath(path)),
  },
  {
    name: 'sf_strip_null',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => (read(text) === null ? null : text),
  },
  {
    name: 'sf_to_array',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => (read(text) === null ? null : writeJson(items(text))),
  },
  {
    name: 'sf_to_object',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => {
      const value = read(text)
      if (value === null) return null
      if (isObject(value)) return writeJson(value)
      throw nativeError('100071', '22000', `Failed to cast variant value ${text} to OBJECT`)
    },
  },
]

function constructObject(pairs: readonly (string | null)[], keepsNull: boolean): string {
  const object: JsonObject = new Map()
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [key, value] = [pairs[at], pairs[at + 1]]
    if (key === null || key === undefined || (value === null && !keepsNull)) continue
    if (object.has(key)) throw nativeError('100102', '22000', `Duplicate field key '${key}'`)
    object.set(key, typeof value === 'string' ? read(value) : null)
  }
  return writeJson(object)
}

function insertEntry(text: string, key: string | null, value: string | null, updates: boolean | null): string | null {
  const object = new Map(entries(text))
  if (key === null) return written(object)
  if (object.has(key) && updates !== true) {
    throw nativeError('100102', '22000', `Duplicate field key '${key}'`)
  }
  if (value === null) object.delete(key)
  else object.set(key, read(value))
  return written(object)
}

const objects: readonly NativeFunction[] = [
  {
    name: 'sf_object_construct',
    parameters: ['texts', 'boolean'],
    returns: 'text',
    compute: constructObject,
  },
  {
    name: 'sf_object_keys',
    parameters: ['text'],
    returns: 'text',
    compute: (text: string) => writeJson([...entries(text).keys()].toSorted()),
  },
  {
    name: 'sf_object_insert',
    parameters: ['text', 'text', 'text', 'boolean'],
    returns: 'text',
    nulls: true,
    compute: (text: string | null, key: string | null, value: string | null, updates: boolean | null) =>
      text === null ? null : insertEntry(text, key, value, updates),
  },
  {
    name: 'sf_object_delete',
    parameters: ['text', 'texts'],
    returns: 'text',
    compute: (text: string, keys: readonly (string | null)[]) =>
      writeJson(new Map([...entries(text)].filter(([key]) => !keys.includes(key)))),
  },
  {
    name: 'sf_object_pick',
    parameters: ['text', 'texts'],
    returns: 'text',
    compute: (text: string, keys: readonly (string | null)[]) =>
      writeJson(new Map([...entries(text)].filter(([key]) => keys.includes(key)))),
  },
]

function flattenArray(text: string): string {
  const outer = items(text)
  if (!outer.every((item) => isArray(item) || item === null)) {
    throw nativeError('100107', '22000', 'Not an array: an element of ARRAY_FLATTEN')
  }
  return writeJson(outer.flatMap((item) => (isArray(item) ? item : [])))
}

function slice(text: string, from: bigint, to: bigint): string {
  const all = items(text)
  const [start, end] = [position(from, all.length), position(to, all.length)]
  return writeJson(all.slice(Math.max(start, 0), Math.max(end, 0)))
}

function insertItem(text: string, at: bigint, value: string): string {
  const all = [...items(text)]
  const index = position(at, all.length)
  while (all.length < index) all.push(null)
  all.splice(Math.max(index, 0), 0, read(value))
  return writeJson(all)
}

/** Whether both hold a value, counted as often as it occurs. */
function multisetKeep(left: readonly JsonValue[], right: readonly JsonValue[], wanted: boolean): readonly JsonValue[] {
  const rest = right.map(writeJson)
  return left.filter((item) => {
    const at = rest.indexOf(writeJson(item))
    if (at >= 0) rest.splice(at, 1)
    return at >= 0 === wanted
  })
}

function compareItems(left: JsonValue, right: JsonValue): number {
  if (left instanceof JsonNumber && right instanceof JsonNumber) return Number(left.text) - Number(right.text)
  const [first, second] = [plainText(left) ?? '', plainText(right) ?? '']
  if (first === second) return 0
  return first < second ? -1 : 1
}

function sortItems(text: string, ascending: boolean, nullsFirst: boolean): string {
  const all = items(text)
  const nulls = all.filter((item) => item === null)
  const values = all.filter((item) => item !== null).toSorted(compareItems)
  const ordered = ascending ? values : values.toReversed()
  return writeJson(nullsFirst ? [...nulls, ...ordered] : [...ordered, ...nulls])
}

function extreme(text: string, direction: number): string | null {
  const values = items(text).filter((item) => item !== null)
  const [first, ...rest] = values
  if (first === undefined) return null
  return writeJson(rest.reduce((best, item) => (compareItems(item, best) * direction > 0 ? item : best), first))
}

function distinct(all: readonly JsonValue[]): readonly JsonValue[] {
  return [...new Map(all.map((item) => [writeJson(item), item])).values()]
}

function range(start: bigint, stop: bigint, step: bigint): string {
  const all: JsonValue[] = []
  if (step === 0n) return '[]'
  for (let at = start; step > 0n ? at < stop : at > stop; at += step) all.push(new JsonNumber(String(at)))
  return writeJson(all)
}

function toObject(keys: string, values: string): string {
  const [names, all] = [items(keys), items(values)]
  return writeJson(
    new Map(names.flatMap((name, index) => (name === null ? [] : [[plainText(name) ?? '', all[index] ?? null]]))),
  )
}

/** Of two arrays. */
function pair(
  name: string,
  compute: (left: readonly JsonValue[], right: readonly JsonValue[]) => JsonValue,
): NativeFunction {
  return {
    name,
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (left: string, right: string) => writeJson(compute(items(left), items(right))),
  }
}

/** Of one array. */
function one(name: string, compute: (all: readonly JsonValue[]) => JsonValue): NativeFunction {
  return { name, parameters: ['text'], returns: 'text', compute: (text: string) => writeJson(compute(items(text))) }
}

const arrays: readonly NativeFunction[] = [
  {
    name: 'sf_array_construct',
    parameters: ['texts', 'boolean'],
    returns: 'text',
    compute: (values: readonly (string | null)[], compact: boolean) => {
      const all = values.map((value) => (value === null ? null : read(value)))
      return writeJson(compact ? all.filter((item) => item !== null) : all)
    },
  },
  {
    name: 'sf_array_size',
    parameters: ['text'],
    returns: 'integer',
    compute: (text: string) => {
      const value = read(text)
      return isArray(value) ? BigInt(value.length) : null
    },
  },
  {
    name: 'sf_array_contains',
    parameters: ['text', 'text'],
    returns: 'boolean',
    compute: (value: string, all: string) => {
      const wanted = read(value)
      return items(all).some((item) => same(item, wanted))
    },
  },
  {
    name: 'sf_array_position',
    parameters: ['text', 'text'],
    returns: 'integer',
    compute: (value: string, all: string) => {
      const wanted = read(value)
      const at = items(all).findIndex((item) => same(item, wanted))
      return at < 0 ? null : BigInt(at)
    },
  },
  {
    name: 'sf_arrays_overlap',
    parameters: ['text', 'text'],
    returns: 'boolean',
    compute: (left: string, right: string) =>
      items(left).some((item) => items(right).some((other) => same(item, other))),
  },
  {
    name: 'sf_array_join',
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (text: string, separator: string) =>
      items(text)
        .map((item) => plainText(item) ?? '')
        .join(separator),
  },
  { name: 'sf_array_slice', parameters: ['text', 'integer', 'integer'], returns: 'text', compute: slice },
  { name: 'sf_array_insert', parameters: ['text', 'integer', 'text'], returns: 'text', compute: insertItem },
  {
    name: 'sf_array_remove_at',
    parameters: ['text', 'integer'],
    returns: 'text',
    compute: (text: string, at: bigint) => {
      const all = items(text)
      const index = position(at, all.length)
      return writeJson(all.filter((_, place) => place !== index))
    },
  },
  {
    name: 'sf_array_remove',
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (text: string, value: string) => {
      const unwanted = read(value)
      return writeJson(items(text).filter((item) => !same(item, unwanted)))
    },
  },
  { name: 'sf_array_sort', parameters: ['text', 'boolean', 'boolean'], returns: 'text', compute: sortItems },
  { name: 'sf_array_min', parameters: ['text'], returns: 'text', compute: (text: string) => extreme(text, -1) },
  { name: 'sf_array_max', parameters: ['text'], returns: 'text', compute: (text: string) => extreme(text, 1) },
  { name: 'sf_array_range', parameters: ['integer', 'integer', 'integer'], returns: 'text', compute: range },
  { name: 'sf_array_flatten', parameters: ['text'], returns: 'text', compute: flattenArray },
  { name: 'sf_arrays_to_object', parameters: ['text', 'text'], returns: 'text', compute: toObject },
  one('sf_array_compact', (all) => all.filter((item) => item !== null)),
  one('sf_array_distinct', distinct),
  one('sf_array_reverse', (all) => all.toReversed()),
  pair('sf_array_cat', (left, right) => [...left, ...right]),
  pair('sf_array_intersection', (left, right) => multisetKeep(left, right, true)),
  pair('sf_array_except', (left, right) => multisetKeep(left, right, false)),
  pair('sf_array_append', (left, right) => [...left, ...right]),
]

export const nativeJsonFunctions: readonly NativeFunction[] = [...access, ...objects, ...arrays]
