import { createHash } from 'node:crypto'
import { parseDocument } from 'yaml'
import type { Tags } from 'yaml'
import { jsonText } from '../jinja/json-text.ts'
import { asMapping } from '../jinja/mapping.ts'
import { PyDict, PyIterator, PySet, PyTuple } from '../jinja/python-collections.ts'
import { asIterable, isTrue, iterate } from '../jinja/python-object.ts'
import { textOf, typeName } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError, typeError } from '../jinja/template-error.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { templateValue } from '../python/template-value.ts'
import { yamlDates } from '../python/yaml-dates.ts'
import { yamlText } from '../python/yaml-text.ts'
import { hostFunction } from './host-function.ts'

/** The names that turn values into text, text into values, and lists into other collections. They never change. */
export const dataNames: Readonly<Record<string, HostObject>> = {
  tojson: new NativeFunction(
    'tojson',
    'value default? sort_keys?',
    (value: unknown, fallback: unknown = null, sortKeys: unknown = false) =>
      unlessInvalid(() => jsonText(value, { sortKeys: isTrue(sortKeys) }), fallback),
  ),
  fromjson: new NativeFunction('fromjson', 'string default?', (text: unknown, fallback: unknown = null) =>
    fromJson(text, fallback),
  ),
  toyaml: new NativeFunction(
    'toyaml',
    'value default? sort_keys?',
    (value: unknown, _: unknown, sortKeys: unknown = false) => yamlText(value, { sortKeys: isTrue(sortKeys) }),
  ),
  fromyaml: new NativeFunction('fromyaml', 'value default?', (text: unknown, fallback: unknown = null) => {
    const document = parseDocument(textOf(text), yamlOptions)
    return document.errors.length > 0 ? fallback : templateValue(document.toJS({ mapAsMap: true }))
  }),
  set: new NativeFunction('set', 'value default?', (value: unknown, fallback: unknown = null) =>
    unlessWrongType(() => new PySet(iterate(value)), fallback),
  ),
  set_strict: new NativeFunction('set_strict', 'value', (value: unknown) => {
    const reason = (type: string) => `The input value of type '${type}' cannot be made a set`
    return strict(() => new PySet(iterate(value)), reason(typeName(value)))
  }),
  zip: hostFunction('zip', (args, kwargs) => unlessWrongType(() => zip(args), kwargs['default'] ?? null)),
  zip_strict: hostFunction('zip_strict', (args) => strict(() => zip(args), 'One of the values cannot be looped over')),
  local_md5: new NativeFunction('local_md5', 'value', (value: unknown) =>
    createHash('md5').update(textOf(value), 'utf8').digest('hex'),
  ),
  diff_of_two_dicts: new NativeFunction('diff_of_two_dicts', 'dict_a dict_b', differenceOfDicts),
}

const yamlOptions = {
  version: '1.1',
  merge: true,
  intAsBigInt: true,
  customTags: (tags: Tags) => [...tags.filter((tag) => !isTimestamp(tag)), yamlDates],
} as const

function isTimestamp(tag: Tags[number]): boolean {
  return tag === 'timestamp' || (typeof tag === 'object' && tag.tag === yamlDates.tag)
}

/** The value of `body`, or the fallback where Python raises ValueError. */
function unlessInvalid(body: () => unknown, fallback: unknown): unknown {
  return unlessKind('value', body, fallback)
}

function unlessWrongType(body: () => unknown, fallback: unknown): unknown {
  return unlessKind('type', body, fallback)
}

function unlessKind(kind: 'value' | 'type', body: () => unknown, fallback: unknown): unknown {
  try {
    return body()
  } catch (error) {
    if (error instanceof OperationError && error.kind === kind) return fallback
    throw error
  }
}

function strict(body: () => unknown, message: string): unknown {
  try {
    return body()
  } catch (error) {
    if (error instanceof OperationError && error.kind === 'type') {
      throw new OperationError('runtime', `${message}: ${error.message}`)
    }
    throw error
  }
}

function zip(args: readonly unknown[]): PyIterator {
  const iterators = args.map((value, index) => {
    const iterable = asIterable(value)
    if (iterable === undefined) throw typeError(`zip argument #${index + 1} must support iteration`)
    return iterable[Symbol.iterator]()
  })
  return new PyIterator(zipped(iterators), 'zip')
}

function* zipped(iterators: readonly Iterator<unknown>[]): Generator<PyTuple> {
  while (iterators.length > 0) {
    const items: unknown[] = []
    for (const iterator of iterators) {
      const next = iterator.next()
      if (next.done === true) return
      items.push(next.value)
    }
    yield new PyTuple(items)
  }
}

function fromJson(text: unknown, fallback: unknown): unknown {
  if (typeof text !== 'string')
    throw typeError(`the JSON object must be str, bytes or bytearray, not ${typeName(text)}`)
  try {
    return templateValue(JSON.parse(text, intAsBigInt))
  } catch (error) {
    if (error instanceof SyntaxError) return fallback
    throw error
  }
}

/** 1 and 1.0 are one number to JSON.parse, and two to a template. `context` has the number's text. */
function intAsBigInt(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = typeof value === 'number' ? context?.source : undefined
  return source === undefined || /[.eE]/u.test(source) ? value : BigInt(source)
}

/** For dicts of lists: what the first has and the second has not. Keys are compared without case, by dbt's rule. */
function differenceOfDicts(left: unknown, right: unknown): PyDict {
  const result = new PyDict()
  const others = new Map<string, Set<string>>()
  for (const [key, values] of asMapping(right)?.entries() ?? []) {
    others.set(textOf(key).toLowerCase(), new Set([...iterate(values)].map((item) => textOf(item).toLowerCase())))
  }
  for (const [key, values] of asMapping(left)?.entries() ?? []) {
    const other = others.get(textOf(key).toLowerCase())
    const rest = [...iterate(values)].filter((item) => !other?.has(textOf(item).toLowerCase()))
    if (other === undefined) result.set(key, values)
    else if (rest.length > 0) result.set(key, rest)
  }
  return result
}
