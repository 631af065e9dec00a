import {
  binary,
  boolean,
  date,
  float,
  integer,
  isSemiStructured,
  text,
  time,
  timestamp,
  variant,
} from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { asNumber } from './as-number.ts'
import { convert, jsonText } from './conversion.ts'
import type { FunctionCall, FunctionContext, FunctionRule, TypedSql } from './function-rule.ts'

/** What an argument is made before the rule's SQL sees it. `json` is the JSON text of any value, `any` is left alone. */
const parameters = {
  text: (value, context) => convert(value, text(), { context }).sql,
  int: (value, context) => `CAST(${convert(value, integer, { context }).sql} AS BIGINT)`,
  num: (value, context) => asNumber(value, context).sql,
  float: (value, context) => convert(value, float, { context }).sql,
  bool: (value, context) => convert(value, boolean, { context }).sql,
  date: (value, context) => convert(value, date, { context }).sql,
  time: (value, context) => convert(value, time(), { context }).sql,
  ntz: (value, context) => convert(value, timestamp('TIMESTAMP_NTZ'), { context }).sql,
  bin: (value, context) => convert(value, binary(), { context }).sql,
  json: (value, context) => jsonText(value, { context }),
  any: (value) => value.sql,
} satisfies Record<string, (value: TypedSql, context: FunctionContext) => string>

type ParameterName = keyof typeof parameters

interface Parameter {
  readonly name: ParameterName
  readonly optional: boolean
  readonly repeated: boolean
}

const argumentsMax = 1000

function isParameterName(name: string): name is ParameterName {
  return name in parameters
}

/** `text int?` or `text*`: names of parameters, optional ones with `?`, the last repeated with `*`. */
function readSignature(signature: string): readonly Parameter[] {
  return signature
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const name = word.replace(/[?*]$/u, '')
      if (!isParameterName(name)) throw new Error(`No parameter is called ${name}`)
      return { name, optional: word.endsWith('?'), repeated: word.endsWith('*') }
    })
}

export type Result = SqlType | ((values: readonly TypedSql[], context: FunctionContext) => SqlType)

type Write = (sql: readonly string[], call: FunctionCall, context: FunctionContext) => string

function arityOf(all: readonly Parameter[]): readonly [number, number] {
  const least = all.filter(({ optional, repeated }) => !optional && !repeated).length
  return [least, all.some(({ repeated }) => repeated) ? argumentsMax : all.length]
}

function prepare(all: readonly Parameter[], call: FunctionCall, context: FunctionContext): readonly string[] {
  return call.arguments.map((value, index) => {
    const parameter = all[Math.min(index, all.length - 1)]
    return parameter === undefined ? value.sql : parameters[parameter.name](value, context)
  })
}

function resultOf(result: Result, call: FunctionCall, context: FunctionContext): SqlType {
  return typeof result === 'function' ? result(call.arguments, context) : result
}

function rule(kind: FunctionRule['kind'], signature: string, result: Result, write: Write): FunctionRule {
  const all = readSignature(signature)
  return {
    kind,
    arity: arityOf(all),
    translate: (call, context) => {
      const type = resultOf(result, call, context)
      const sql = write(prepare(all, call, context), call, context)
      return { sql: isSemiStructured(type) ? `CAST(${sql} AS JSON)` : sql, type }
    },
  }
}

/** The SQL of a semi-structured result is its JSON text. */
export function scalar(signature: string, result: Result, write: Write): FunctionRule {
  return rule('scalar', signature, result, write)
}

export function aggregate(signature: string, result: Result, write: Write): FunctionRule {
  return rule('aggregate', signature, result, write)
}

export function windowed(signature: string, result: Result, write: Write): FunctionRule {
  return rule('window', signature, result, write)
}

/** A function of DuckDB that does the same. */
export function same(signature: string, result: Result, duckdbName: string): FunctionRule {
  return scalar(signature, result, (sql) => `${duckdbName}(${sql.join(', ')})`)
}

/** The first argument's type. */
export const typeOfFirst: Result = ([first]) => first?.type ?? variant

export type RuleTable = Readonly<Record<string, FunctionRule>>
