import { array, boolean, float, integer, number, object, precisionMax, text } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { asNumber } from './as-number.ts'
import { convert, jsonText } from './conversion.ts'
import type { FunctionCall, FunctionContext, FunctionRule, TypedSql } from './function-rule.ts'
import { aggregate, typeOfFirst, windowed } from './scalar-rule.ts'
import type { Result, RuleTable } from './scalar-rule.ts'

const argumentsMax = 1000
const count18 = number(18, 0)

function first(call: FunctionCall): TypedSql {
  const [value] = call.arguments
  if (value === undefined) throw new Error('Arity is checked before')
  return value
}

/** `COUNT(*)` comes without arguments; of several none may be NULL. */
const count: FunctionRule = {
  kind: 'aggregate',
  arity: [0, argumentsMax],
  translate: (call) => {
    const [only, ...others] = call.arguments
    if (only === undefined) return { sql: `count(*)${call.over}`, type: count18 }
    if (others.length === 0) return { sql: `count(${call.distinct}${only.sql})${call.over}`, type: count18 }
    const anyNull = call.arguments.map(({ sql }) => `${sql} IS NULL`).join(' OR ')
    const row = `CASE WHEN ${anyNull} THEN NULL ELSE row(${call.arguments.map(({ sql }) => sql).join(', ')}) END`
    return { sql: `count(${call.distinct}${row})${call.over}`, type: count18 }
  },
}

/** Sums of fixed-point numbers have all 38 digits. */
const sumType: Result = (values, context) => {
  const type = values[0] === undefined ? integer : asNumber(values[0], context).type
  return type.name === 'NUMBER' ? number(precisionMax, type.scale) : float
}

const sum: FunctionRule = aggregate('num', sumType, ([x], call, context) => {
  const type = asNumber(first(call), context).type
  const exact = type.name === 'NUMBER' ? `CAST(${x} AS DECIMAL(${precisionMax},${type.scale}))` : x
  return `sum(${call.distinct}${exact})${call.over}`
})

/** Six digits more than the argument, up to twelve. */
function averageScale(scale: number): number {
  return Math.max(scale, Math.min(scale + 6, 12))
}

function dividedSum(value: TypedSql, call: FunctionCall): TypedSql {
  if (value.type.name !== 'NUMBER') return { sql: `avg(${call.distinct}${value.sql})${call.over}`, type: float }
  const scale = averageScale(value.type.scale)
  const total = `sum(${call.distinct}CAST(${value.sql} AS DECIMAL(${precisionMax},${value.type.scale})))${call.over}`
  const rows = `count(${call.distinct}${value.sql})${call.over}`
  const sql = `CAST(CASE WHEN ${rows} = 0 THEN NULL ELSE sf_divide(CAST(${total} AS VARCHAR), CAST(nullif(${rows}, 0) AS VARCHAR), ${scale}) END AS DECIMAL(${precisionMax},${scale}))`
  return { sql, type: number(precisionMax, scale) }
}

const average: FunctionRule = {
  kind: 'aggregate',
  arity: [1, 1],
  translate: (call, context) => dividedSum(asNumber(first(call), context), call),
}

/** The middle of two middle numbers has three digits more. */
function interpolated(value: TypedSql, share: string, call: FunctionCall): TypedSql {
  const at = `quantile_cont(${value.sql}, ${share})${call.over}`
  if (value.type.name !== 'NUMBER') return { sql: at, type: float }
  const scale = Math.min(value.type.scale + 3, precisionMax)
  const wide = `CAST(${value.sql} AS DECIMAL(${precisionMax},${scale}))`
  return {
    sql: `CAST(quantile_cont(${wide}, ${share})${call.over} AS DECIMAL(${precisionMax},${scale}))`,
    type: number(precisionMax, scale),
  }
}

const median: FunctionRule = {
  kind: 'aggregate',
  arity: [1, 1],
  translate: (call, context) => interpolated(asNumber(first(call), context), '0.5', call),
}

function percentile(isContinuous: boolean): FunctionRule {
  return {
    kind: 'aggregate',
    arity: [1, 1],
    translate: (call, context) => {
      const [key] = call.order
      if (key === undefined) throw new Error('WITHIN GROUP is missing')
      const share = key.descending ? `1 - ${first(call).sql}` : first(call).sql
      if (isContinuous) return interpolated(asNumber(key, context), share, call)
      return { sql: `quantile_disc(${key.sql}, ${share})${call.over}`, type: key.type }
    },
  }
}

/** A list of DuckDB in order, without NULLs, each once where DISTINCT asks for that. */
function listOf(value: TypedSql, call: FunctionCall): string {
  return `list(${call.distinct}${value.sql}${call.orderBy}) FILTER (WHERE ${value.sql} IS NOT NULL)${call.over}`
}

function jsonItems(value: TypedSql, call: FunctionCall, context: FunctionContext): string {
  const item = jsonText({ sql: 'item', type: value.type }, { context })
  return `coalesce(list_transform(${listOf(value, call)}, lambda item: ${item}), CAST([] AS VARCHAR[]))`
}

const arrayAgg: FunctionRule = {
  kind: 'aggregate',
  arity: [1, 1],
  translate: (call, context) => ({
    sql: `CAST('[' || array_to_string(${jsonItems(first(call), call, context)}, ',') || ']' AS JSON)`,
    type: array,
  }),
}

const arrayUniqueAgg: FunctionRule = {
  ...arrayAgg,
  translate: (call, context) => arrayAgg.translate({ ...call, distinct: 'DISTINCT ' }, context),
}

const listAgg: FunctionRule = {
  kind: 'aggregate',
  arity: [1, 2],
  translate: (call, context) => {
    const [value, separator] = call.arguments
    if (value === undefined) throw new Error('Arity is checked before')
    const item = convert({ sql: 'item', type: value.type }, text(), { context }).sql
    const texts = `list_transform(${listOf(value, call)}, lambda item: ${item})`
    return { sql: `coalesce(array_to_string(${texts}, ${separator?.sql ?? "''"}), '')`, type: text() }
  },
}

/** Keys come as texts; pairs with a NULL are left out. */
const objectAgg: FunctionRule = {
  kind: 'aggregate',
  arity: [2, 2],
  translate: (call, context) => {
    const [key, value] = call.arguments
    if (key === undefined || value === undefined) throw new Error('Arity is checked before')
    const pair = `[${convert(key, text(), { context }).sql}, ${jsonText(value, { context })}]`
    const pairs = `flatten(coalesce(list(CAST(${pair} AS VARCHAR[]))${call.over}, []))`
    return { sql: `CAST(sf_object_construct(${pairs}, FALSE) AS JSON)`, type: object }
  },
}

/** NULL when there are no rows: DuckDB has it so too. */
function logical(name: 'bool_and' | 'bool_or'): FunctionRule {
  return aggregate('bool', boolean, ([x], call) => `${name}(${x})${call.over}`)
}

function numeric(duckdbName: string, result: SqlType = float, signature = 'float'): FunctionRule {
  return aggregate(
    signature,
    result,
    (values, call) => `${duckdbName}(${call.distinct}${values.join(', ')})${call.over}`,
  )
}

/** The aggregate of DuckDB with the type of its argument. */
function sameType(duckdbName: string, signature = 'any any?'): FunctionRule {
  return aggregate(
    signature,
    typeOfFirst,
    (values, call) => `${duckdbName}(${call.distinct}${values.join(', ')})${call.over}`,
  )
}

/** With a third argument the values of so many rows, as an array. */
function extremeBy(duckdbName: 'min_by' | 'max_by'): FunctionRule {
  return {
    kind: 'aggregate',
    arity: [2, 3],
    translate: (call, context) => {
      const [value, key, most] = call.arguments
      if (value === undefined || key === undefined) throw new Error('Arity is checked before')
      if (most === undefined) return { sql: `${duckdbName}(${value.sql}, ${key.sql})${call.over}`, type: value.type }
      const all = `${duckdbName}(${jsonText(value, { context })}, ${key.sql}, ${most.sql})${call.over}`
      return { sql: `CAST('[' || array_to_string(${all}, ',') || ']' AS JSON)`, type: array }
    },
  }
}

const approximatePercentile: FunctionRule = aggregate(
  'float float',
  float,
  ([x, share], call) => `quantile_cont(${x}, ${share})${call.over}`,
)

export const aggregateFunctions: RuleTable = {
  COUNT: count,
  COUNT_IF: aggregate('bool', count18, ([x], call) => `count(CASE WHEN ${x} THEN 1 END)${call.over}`),
  SUM: sum,
  AVG: average,
  MEAN: average,
  MIN: sameType('min', 'any'),
  MAX: sameType('max', 'any'),
  ANY_VALUE: sameType('any_value', 'any'),
  MIN_BY: extremeBy('min_by'),
  MAX_BY: extremeBy('max_by'),
  MEDIAN: median,
  MODE: sameType('mode', 'any'),
  PERCENTILE_CONT: percentile(true),
  PERCENTILE_DISC: percentile(false),
  APPROX_PERCENTILE: approximatePercentile,
  APPROX_COUNT_DISTINCT: aggregate(
    'any*',
    count18,
    (values, call) => `count(DISTINCT ${values.join(', ')})${call.over}`,
  ),
  HLL: aggregate('any*', count18, (values, call) => `count(DISTINCT ${values.join(', ')})${call.over}`),
  STDDEV: numeric('stddev_samp'),
  STDDEV_SAMP: numeric('stddev_samp'),
  STDDEV_POP: numeric('stddev_pop'),
  VARIANCE: numeric('var_samp'),
  VAR_SAMP: numeric('var_samp'),
  VARIANCE_SAMP: numeric('var_samp'),
  VAR_POP: numeric('var_pop'),
  VARIANCE_POP: numeric('var_pop'),
  KURTOSIS: numeric('kurtosis'),
  SKEW: numeric('skewness'),
  CORR: numeric('corr', float, 'float float'),
  COVAR_POP: numeric('covar_pop', float, 'float float'),
  COVAR_SAMP: numeric('covar_samp', float, 'float float'),
  REGR_SLOPE: numeric('regr_slope', float, 'float float'),
  REGR_INTERCEPT: numeric('regr_intercept', float, 'float float'),
  REGR_R2: numeric('regr_r2', float, 'float float'),
  REGR_COUNT: numeric('regr_count', count18, 'float float'),
  REGR_AVGX: numeric('regr_avgx', float, 'float float'),
  REGR_AVGY: numeric('regr_avgy', float, 'float float'),
  REGR_SXX: numeric('regr_sxx', float, 'float float'),
  REGR_SXY: numeric('regr_sxy', float, 'float float'),
  REGR_SYY: numeric('regr_syy', float, 'float float'),
  LISTAGG: listAgg,
  STRING_AGG: listAgg,
  ARRAY_AGG: arrayAgg,
  ARRAYAGG: arrayAgg,
  ARRAY_UNIQUE_AGG: arrayUniqueAgg,
  OBJECT_AGG: objectAgg,
  BOOLAND_AGG: logical('bool_and'),
  BOOLOR_AGG: logical('bool_or'),
  BOOLXOR_AGG: aggregate('bool', boolean, ([x], call) => `(count(CASE WHEN ${x} THEN 1 END)${call.over} = 1)`),
  BITAND_AGG: numeric('bit_and', integer, 'int'),
  BITOR_AGG: numeric('bit_or', integer, 'int'),
  BITXOR_AGG: numeric('bit_xor', integer, 'int'),
  HASH_AGG: aggregate(
    'any*',
    number(19, 0),
    (values, call) => `CAST(coalesce(bit_xor(hash(${values.join(', ')}))${call.over}, 0) // 2 AS BIGINT)`,
  ),
  GROUPING: aggregate('any*', integer, (values) => `grouping(${values.join(', ')})`),
  GROUPING_ID: aggregate('any*', integer, (values) => `grouping(${values.join(', ')})`),
}

const ranking = (name: string): FunctionRule => windowed('', count18, (_sql, call) => `${name}()${call.over}`)

/** IGNORE NULLS stands inside the brackets of DuckDB's functions. */
function valueFunction(name: string, signature: string): FunctionRule {
  return windowed(signature, typeOfFirst, (values, call) => `${name}(${values.join(', ')}${call.nulls})${call.over}`)
}

/** Without a frame these look at the whole partition, where DuckDB would look up to the current row. */
function valueOfFrame(name: string, signature: string): FunctionRule {
  return windowed(signature, typeOfFirst, (values, call) => {
    const hasFrame = /\b(?:ROWS|RANGE) (?:BETWEEN|UNBOUNDED|CURRENT|\S+ (?:PRECEDING|FOLLOWING))/u.test(call.over)
    const over = hasFrame
      ? call.over
      : call.over.replace(/\)$/u, ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)')
    return `${name}(${values.join(', ')}${call.nulls})${over}`
  })
}

export const windowFunctions: RuleTable = {
  ROW_NUMBER: ranking('row_number'),
  RANK: ranking('rank'),
  DENSE_RANK: ranking('dense_rank'),
  PERCENT_RANK: windowed('', float, (_sql, call) => `percent_rank()${call.over}`),
  CUME_DIST: windowed('', float, (_sql, call) => `cume_dist()${call.over}`),
  NTILE: windowed('int', count18, ([x], call) => `ntile(${x})${call.over}`),
  LAG: valueFunction('lag', 'any int? any?'),
  LEAD: valueFunction('lead', 'any int? any?'),
  FIRST_VALUE: valueOfFrame('first_value', 'any'),
  LAST_VALUE: valueOfFrame('last_value', 'any'),
  NTH_VALUE: valueOfFrame('nth_value', 'any int'),
  RATIO_TO_REPORT: windowed('float', float, ([x], call) => `(${x} / nullif(sum(${x})${call.over}, 0))`),
  CONDITIONAL_TRUE_EVENT: windowed('bool', count18, ([x], call) => `count(CASE WHEN ${x} THEN 1 END)${call.over}`),
}
