import { array, boolean, date, float, integer, object, text, time, timestamp, variant } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { convert, jsonText } from './conversion.ts'
import type { FunctionContext, FunctionRule, TypedSql } from './function-rule.ts'
import { same, scalar } from './scalar-rule.ts'
import type { RuleTable } from './scalar-rule.ts'

const list = (values: readonly string[]): string => `CAST([${values.join(', ')}] AS VARCHAR[])`

function objectConstruct(keepsNull: boolean): FunctionRule {
  return {
    kind: 'scalar',
    arity: [0, 1000],
    translate: (call, context) => {
      const pairs = call.arguments.map((value, index) =>
        index % 2 === 0 ? convert(value, text(), { context }).sql : jsonText(value, { context }),
      )
      return { sql: `CAST(sf_object_construct(${list(pairs)}, ${keepsNull}) AS JSON)`, type: object }
    },
  }
}

const arrayConstruct = (compact: boolean): FunctionRule =>
  scalar('json*', array, (values) => `sf_array_construct(${list(values)}, ${compact})`)

/** A place of an array, or a key of an object. */
function get(ignoreCase: boolean): FunctionRule {
  return scalar('json any', variant, ([value, key], { arguments: [, step] }) =>
    step?.type.name === 'NUMBER'
      ? `sf_get_index(${value}, CAST(${key} AS BIGINT))`
      : `sf_get_key(${value}, CAST(${key} AS VARCHAR), ${ignoreCase})`,
  )
}

const parseJson = (name: string): FunctionRule => scalar('text any?', variant, ([value]) => `${name}(${value})`)

/** Two values of any kind as JSON, of which either may be the array. */
const contains: FunctionRule = same('json json', boolean, 'sf_array_contains')

function asType(type: SqlType, ...names: readonly string[]): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 3],
    translate: ({ arguments: [value] }, context) => {
      if (value === undefined) throw new Error('Arity is checked before')
      const converted = convert({ ...value, type: variant }, type, { context, tries: true })
      return { sql: `CASE WHEN ${isOneOf(value, context, names)} THEN ${converted.sql} END`, type }
    },
  }
}

function isOneOf(value: TypedSql, context: FunctionContext, names: readonly string[]): string {
  return `sf_typeof(${jsonText(value, { context })}) IN (${names.map((name) => `'${name}'`).join(', ')})`
}

function isType(...names: readonly string[]): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 1],
    translate: ({ arguments: [value] }, context) => {
      if (value === undefined) throw new Error('Arity is checked before')
      return { sql: `(${isOneOf(value, context, names)})`, type: boolean }
    },
  }
}

const objectInsert: FunctionRule = scalar(
  'json text json bool?',
  object,
  ([value, key, inserted, updates = 'FALSE']) => `sf_object_insert(${value}, ${key}, ${inserted}, ${updates})`,
)

const keyed = (name: string): FunctionRule =>
  scalar('json text*', object, ([value, ...keys]) => `${name}(${value}, ${list(keys)})`)

const sort: FunctionRule = scalar(
  'json bool? bool?',
  array,
  ([value, ascending = 'TRUE', nullsFirst]) =>
    `sf_array_sort(${value}, ${ascending}, ${nullsFirst ?? `NOT ${ascending}`})`,
)

const elements = (value: TypedSql): string => `CAST(${value.sql} AS JSON[])`
const asArray = (texts: string): string => `CAST('[' || array_to_string(${texts}, ',') || ']' AS JSON)`

/** The elements for which the lambda holds. */
const filter: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  lambda: 1,
  translate: ({ arguments: [value, test] }) => {
    if (value === undefined || test === undefined) throw new Error('Arity is checked before')
    return { sql: asArray(`CAST(list_filter(${elements(value)}, ${test.sql}) AS VARCHAR[])`), type: array }
  },
}

const transform: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  lambda: 1,
  translate: ({ arguments: [value, change] }, context) => {
    if (value === undefined || change === undefined) throw new Error('Arity is checked before')
    const changed = `list_transform(${elements(value)}, ${change.sql})`
    const item = jsonText({ sql: 'item', type: change.type }, { context })
    return { sql: asArray(`list_transform(${changed}, lambda item: coalesce(${item}, 'null'))`), type: array }
  },
}

const numbers = ['INTEGER', 'DECIMAL']

export const semiStructuredFunctions: RuleTable = {
  FILTER: filter,
  TRANSFORM: transform,
  PARSE_JSON: parseJson('sf_parse_json'),
  TRY_PARSE_JSON: parseJson('sf_try_parse_json'),
  CHECK_JSON: same('text', text(), 'sf_check_json'),
  OBJECT_CONSTRUCT: objectConstruct(false),
  OBJECT_CONSTRUCT_KEEP_NULL: objectConstruct(true),
  OBJECT_KEYS: same('json', array, 'sf_object_keys'),
  OBJECT_INSERT: objectInsert,
  OBJECT_DELETE: keyed('sf_object_delete'),
  OBJECT_PICK: keyed('sf_object_pick'),
  ARRAY_CONSTRUCT: arrayConstruct(false),
  ARRAY_CONSTRUCT_COMPACT: arrayConstruct(true),
  ARRAY_SIZE: same('json', integer, 'sf_array_size'),
  ARRAY_CONTAINS: contains,
  ARRAY_POSITION: same('json json', integer, 'sf_array_position'),
  ARRAY_APPEND: scalar('json json', array, ([all, item]) => `sf_array_append(${all}, '[' || ${item} || ']')`),
  ARRAY_PREPEND: scalar('json json', array, ([all, item]) => `sf_array_append('[' || ${item} || ']', ${all})`),
  ARRAY_CAT: same('json json', array, 'sf_array_cat'),
  ARRAY_COMPACT: same('json', array, 'sf_array_compact'),
  ARRAY_DISTINCT: same('json', array, 'sf_array_distinct'),
  ARRAY_EXCEPT: same('json json', array, 'sf_array_except'),
  ARRAY_INTERSECTION: same('json json', array, 'sf_array_intersection'),
  ARRAYS_OVERLAP: same('json json', boolean, 'sf_arrays_overlap'),
  ARRAYS_TO_OBJECT: same('json json', object, 'sf_arrays_to_object'),
  ARRAY_INSERT: same('json int json', array, 'sf_array_insert'),
  ARRAY_REMOVE: same('json json', array, 'sf_array_remove'),
  ARRAY_REMOVE_AT: same('json int', array, 'sf_array_remove_at'),
  ARRAY_SLICE: same('json int int', array, 'sf_array_slice'),
  ARRAY_REVERSE: same('json', array, 'sf_array_reverse'),
  ARRAY_FLATTEN: same('json', array, 'sf_array_flatten'),
  ARRAY_MIN: same('json', variant, 'sf_array_min'),
  ARRAY_MAX: same('json', variant, 'sf_array_max'),
  ARRAY_SORT: sort,
  ARRAY_TO_STRING: same('json text', text(), 'sf_array_join'),
  ARRAY_GENERATE_RANGE: scalar(
    'int int int?',
    array,
    ([from, to, step = '1']) => `sf_array_range(${from}, ${to}, ${step})`,
  ),
  GET: get(false),
  GET_IGNORE_CASE: get(true),
  GET_PATH: same('json text', variant, 'sf_get_path'),
  JSON_EXTRACT_PATH_TEXT: scalar(
    'any text',
    text(),
    ([value, path]) => `sf_plain_text(sf_get_path(CAST(${value} AS VARCHAR), ${path}))`,
  ),
  TYPEOF: same('json', text(), 'sf_typeof'),
  IS_NULL_VALUE: scalar('json', boolean, ([value]) => `(sf_typeof(${value}) = 'NULL_VALUE')`),
  STRIP_NULL_VALUE: same('json', variant, 'sf_strip_null'),
  IS_ARRAY: isType('ARRAY'),
  IS_OBJECT: isType('OBJECT'),
  IS_BOOLEAN: isType('BOOLEAN'),
  IS_INTEGER: isType('INTEGER'),
  IS_DECIMAL: isType(...numbers),
  IS_DOUBLE: isType('DOUBLE', ...numbers),
  IS_REAL: isType('DOUBLE', ...numbers),
  IS_VARCHAR: isType('VARCHAR'),
  IS_CHAR: isType('VARCHAR'),
  AS_ARRAY: asType(array, 'ARRAY'),
  AS_OBJECT: asType(object, 'OBJECT'),
  AS_BOOLEAN: asType(boolean, 'BOOLEAN'),
  AS_INTEGER: asType(integer, 'INTEGER'),
  AS_NUMBER: asType(integer, ...numbers),
  AS_DECIMAL: asType(integer, ...numbers),
  AS_DOUBLE: asType(float, 'DOUBLE', ...numbers),
  AS_REAL: asType(float, 'DOUBLE', ...numbers),
  AS_VARCHAR: asType(text(), 'VARCHAR'),
  AS_CHAR: asType(text(), 'VARCHAR'),
  AS_DATE: asType(date, 'VARCHAR'),
  AS_TIME: asType(time(), 'VARCHAR'),
  AS_TIMESTAMP_NTZ: asType(timestamp('TIMESTAMP_NTZ'), 'VARCHAR'),
}
