import { compilationError } from './sql-error.ts'
import { binary, boolean, date, float, text, time, timestamp, untyped, variant } from '../catalog/sql-type.ts'

import type { TypedSql } from '../function/function-rule.ts'
import { wholeMicroseconds } from '../function/nanoseconds.ts'
import { castTo } from '../translate/cast.ts'
import { numberLiteral } from '../translate/translate-expression.ts'
import { quoteText } from '../translate/sql-text.ts'
import type { Bind } from './statement.ts'

/** A bound value as a literal. */
export function bindLiteral({ type, value }: { readonly type: string; readonly value: string | null }): TypedSql {
  if (value === null) return { sql: 'NULL', type: untyped }
  if (type === 'FIXED' && /^-?[\d.]+$/u.test(value)) return fixedLiteral(value)
  const literal: TypedSql = { sql: quoteText(value), type: text(Math.max(1, value.length)) }
  return type === 'TEXT' ? { ...literal, literal: value } : boundColumn(literal, type)
}

function fixedLiteral(value: string): TypedSql {
  const unsigned = numberLiteral(value.replace('-', ''))
  return value.startsWith('-') ? { sql: `(-${unsigned.sql})`, type: unsigned.type, literal: value } : unsigned
}

/** A column of bound texts as what the driver says they are: times come as nanoseconds, dates as milliseconds. */
export function boundColumn(value: TypedSql, type: string): TypedSql {
  switch (type) {
    case 'FIXED':
      return castTo(value, { name: 'NUMBER', precision: 38, scale: 9 })
    case 'REAL':
      return castTo(value, float)
    case 'BOOLEAN':
      return castTo(value, boolean)
    case 'BINARY':
      return castTo(value, binary())
    case 'VARIANT':
      return castTo(value, variant)
    case 'DATE':
      return { sql: `CAST(make_timestamp(CAST(${value.sql} AS BIGINT) * 1000) AS DATE)`, type: date }
    case 'TIME':
      return { sql: `CAST(${instant(value.sql)} AS TIME)`, type: time() }
    case 'TIMESTAMP_NTZ':
      return { sql: instant(value.sql), type: timestamp('TIMESTAMP_NTZ') }
    case 'TIMESTAMP_LTZ':
      return { sql: `timezone('UTC', ${instant(value.sql)})`, type: timestamp('TIMESTAMP_LTZ') }
    case 'TIMESTAMP_TZ': {
      // Version 5.2 of the Python connector sends no offset: the instant is right then, and its zone is lost.
      const offset = `coalesce(CAST(nullif(split_part(${value.sql}, ' ', 2), '') AS INTEGER), 1440)`
      return {
        sql: `cast_offset_tz(${instant(`split_part(${value.sql}, ' ', 1)`)}, ${offset} - 1440)`,
        type: timestamp('TIMESTAMP_TZ'),
      }
    }
    default:
      return value
  }
}

function instant(sql: string): string {
  return `make_timestamp(${wholeMicroseconds(sql)})`
}

export function bindAt(binds: readonly Bind[], index: number): TypedSql {
  const bind = binds[index - 1]
  if (bind === undefined) {
    throw compilationError('002049', '42601', `Bind variable ?:${index} not set.`)
  }
  const { type, value } = bind
  return bindLiteral({ type, value: Array.isArray(value) ? (value[0] ?? null) : (value as string | null) })
}
