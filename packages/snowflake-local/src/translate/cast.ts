import { microsecondText } from '../function/nanoseconds.ts'
import { compilationError } from '../engine/sql-error.ts'
import { duckdbType, formatType, isSameType, isSemiStructured, precisionMax } from '../catalog/sql-type.ts'
import type { SqlType, SqlTypeName } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'

export interface CastOptions {
  /** NULL in the place of an error, as TRY_CAST does. */
  readonly tries?: boolean
}

/** A value as another type, DuckDB's SQL. Texts that are too long are no error here: that is the writer's to check. */
export function castSql(value: TypedSql, to: SqlType, { tries = false }: CastOptions = {}): string {
  const from = value.type
  if (from.name !== 'NUMBER' && isSameType(from, to)) return value.sql
  if (from.name === 'NULL') return plainCast(value.sql, to, false)
  const rule = rules[from.name]?.[to.name]
  if (rule === undefined) {
    throw compilationError(
      '001007',
      '22023',
      `invalid type [CAST(${formatType(from)} AS ${formatType(to)})] for parameter 'TO'`,
    )
  }
  return rule(value.sql, to, tries)
}

/** The same value, of the type asked for. */
export function castTo(value: TypedSql, to: SqlType, options: CastOptions = {}): TypedSql {
  return { sql: castSql(value, to, options), type: to }
}

type Rule = (sql: string, to: SqlType, tries: boolean) => string
type Rules = Partial<Record<SqlTypeName, Rule>>

function plainCast(sql: string, to: SqlType, tries: boolean): string {
  return `${tries ? 'TRY_CAST' : 'CAST'}(${sql} AS ${duckdbType(to)})`
}

const same: Rule = (sql) => sql
const asJson: Rule = (sql) => `CAST(to_json(${sql}) AS JSON)`
const asJsonText: Rule = (sql) => `CAST(to_json(CAST(${sql} AS VARCHAR)) AS JSON)`
const viaDouble: Rule = (sql, to, tries) => plainCast(`CAST(${sql} AS DOUBLE)`, to, tries)
const macro =
  (name: string): Rule =>
  (sql) =>
    `${name}(${sql})`
const tryMacro =
  (name: string): Rule =>
  (sql, _to, tries) =>
    `${tries ? `cast_try_${name}` : `cast_${name}`}(${sql})`

/** Any of the formats that Snowflake finds by itself. */
function readTime(kind: string, duckdbName: string): Rule {
  return (sql, _to, tries) => {
    const read = `CAST(make_timestamp(sf_parse_${kind}(${sql}, 'AUTO')) AS ${duckdbName})`
    return tries ? `TRY(${read})` : read
  }
}

const fromText: Rules = {
  TEXT: same,
  NUMBER: (sql, to, tries) => plainCast(`trim(${sql})`, to, tries),
  FLOAT: (sql, to, tries) => plainCast(`trim(${sql})`, to, tries),
  BOOLEAN: tryMacro('text_boolean'),
  DATE: readTime('date', 'DATE'),
  TIME: readTime('time', 'TIME'),
  TIMESTAMP_NTZ: readTime('timestamp', 'TIMESTAMP'),
  TIMESTAMP_LTZ: (sql, to, tries) => plainCast(`(${microsecondText(sql)})`, to, tries),
  TIMESTAMP_TZ: tryMacro('text_tz'),
  BINARY: (sql) => `unhex(${sql})`,
  VARIANT: asJson,
  ARRAY: (sql) => `cast_text_array(${sql})`,
  OBJECT: (sql, _to, tries) => plainCast(sql, { name: 'VARIANT' }, tries),
}

/** By way of the text that the value has without its quotes. */
function fromSemiStructured(): Rules {
  const viaText = Object.entries(fromText).map(([name, rule]): [string, Rule] => [
    name,
    (sql, to, tries) => rule(`sf_plain_text(CAST(${sql} AS VARCHAR))`, to, tries),
  ])
  return {
    ...Object.fromEntries(viaText),
    VARIANT: same,
    OBJECT: macro('cast_variant_object'),
    ARRAY: macro('cast_variant_array'),
  }
}

/** DuckDB's own `->>` makes a double of a decimal. */
const numberFromVariant: Rule = (sql, to, tries) => plainCast(`sf_number_text(CAST(${sql} AS VARCHAR))`, to, tries)

const rules: Readonly<Partial<Record<SqlTypeName, Rules>>> = {
  NUMBER: {
    NUMBER: plainCast,
    FLOAT: plainCast,
    TEXT: (sql) => `CAST(${sql} AS VARCHAR)`,
    BOOLEAN: (sql) => `(${sql} <> 0)`,
    VARIANT: asJson,
    TIMESTAMP_NTZ: (sql) => `cast_number_ntz(${sql})`,
    TIMESTAMP_LTZ: (sql) => `CAST(cast_number_ntz(${sql}) AS TIMESTAMPTZ)`,
  },
  FLOAT: {
    FLOAT: same,
    NUMBER: viaDouble,
    TEXT: macro('cast_float_text'),
    BOOLEAN: (sql) => `(${sql} <> 0)`,
    VARIANT: asJson,
  },
  TEXT: fromText,
  BOOLEAN: {
    BOOLEAN: same,
    TEXT: (sql) => `CAST(${sql} AS VARCHAR)`,
    NUMBER: (sql, to, tries) => plainCast(`CAST(${sql} AS INTEGER)`, to, tries),
    FLOAT: (sql, to, tries) => plainCast(`CAST(${sql} AS INTEGER)`, to, tries),
    VARIANT: asJson,
  },
  DATE: {
    DATE: same,
    TEXT: (sql) => `CAST(${sql} AS VARCHAR)`,
    TIMESTAMP_NTZ: plainCast,
    TIMESTAMP_LTZ: plainCast,
    TIMESTAMP_TZ: (sql) => `cast_ltz_tz(CAST(${sql} AS TIMESTAMPTZ))`,
    VARIANT: asJsonText,
  },
  TIME: {
    TIME: same,
    TEXT: macro('cast_time_text'),
    VARIANT: (sql) => asJson(`cast_time_text(${sql})`, { name: 'VARIANT' }, false),
  },
  TIMESTAMP_NTZ: {
    TIMESTAMP_NTZ: same,
    TIMESTAMP_LTZ: plainCast,
    TIMESTAMP_TZ: (sql) => `cast_ltz_tz(CAST(${sql} AS TIMESTAMPTZ))`,
    DATE: plainCast,
    TIME: plainCast,
    TEXT: macro('cast_ntz_text'),
    VARIANT: (sql) => asJson(`cast_ntz_text(${sql})`, { name: 'VARIANT' }, false),
  },
  TIMESTAMP_LTZ: {
    TIMESTAMP_LTZ: same,
    TIMESTAMP_NTZ: plainCast,
    TIMESTAMP_TZ: macro('cast_ltz_tz'),
    DATE: plainCast,
    TIME: (sql, to, tries) => plainCast(`CAST(${sql} AS TIMESTAMP)`, to, tries),
    TEXT: (sql) => `cast_tz_text(cast_ltz_tz(${sql}))`,
    VARIANT: (sql) => asJson(`cast_tz_text(cast_ltz_tz(${sql}))`, { name: 'VARIANT' }, false),
  },
  TIMESTAMP_TZ: {
    TIMESTAMP_TZ: same,
    TIMESTAMP_LTZ: macro('cast_tz_ltz'),
    TIMESTAMP_NTZ: macro('cast_tz_ntz'),
    DATE: (sql, to, tries) => plainCast(`cast_tz_ntz(${sql})`, to, tries),
    TIME: (sql, to, tries) => plainCast(`cast_tz_ntz(${sql})`, to, tries),
    TEXT: macro('cast_tz_text'),
    VARIANT: (sql) => asJson(`cast_tz_text(${sql})`, { name: 'VARIANT' }, false),
  },
  BINARY: {
    BINARY: same,
    TEXT: (sql) => `hex(${sql})`,
    VARIANT: (sql) => asJson(`hex(${sql})`, { name: 'VARIANT' }, false),
  },
  VARIANT: { ...fromSemiStructured(), NUMBER: numberFromVariant },
  OBJECT: { ...fromSemiStructured(), OBJECT: same, ARRAY: macro('cast_variant_array'), NUMBER: numberFromVariant },
  ARRAY: { ...fromSemiStructured(), ARRAY: same, OBJECT: macro('cast_variant_object'), NUMBER: numberFromVariant },
}

/** An operand of arithmetic: of the widest precision, so that DuckDB's narrow integers cannot overflow. */
export function wideNumber(value: TypedSql, scale: number): string {
  return castSql(value, { name: 'NUMBER', precision: precisionMax, scale })
}

/** Whether a value can be written to a column of the type without being asked to. */
export function isAssignable(from: SqlType, to: SqlType): boolean {
  if (from.name === 'NULL' || isSameType(from, to)) return true
  // Snowflake makes no text of JSON and no JSON of text unasked, but for VARIANT columns.
  if ((to.name === 'OBJECT' || to.name === 'ARRAY') && !isSemiStructured(from)) return false
  return rules[from.name]?.[to.name] !== undefined
}
