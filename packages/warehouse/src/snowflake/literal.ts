import { EclusaError } from '@eclusa/sdk'
import type { SqlValue } from '@eclusa/sdk'

/** NUMBER has no more digits. */
const integerDigitsMax = 38

/**
 * Writes a value as a Snowflake expression that evaluates to the same value.
 *
 * @throws UNREPRESENTABLE_VALUE for an integer of more than 38 digits.
 */
export function snowflakeLiteral(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'bigint') return integerLiteral(value)
  if (typeof value === 'number') return numberLiteral(value)
  if (typeof value === 'string') return stringLiteral(value)
  return `TO_BINARY('${Buffer.from(value).toString('hex')}', 'HEX')`
}

function integerLiteral(value: bigint): string {
  const text = String(value)
  if (text.replace('-', '').length <= integerDigitsMax) return text
  throw new EclusaError('UNREPRESENTABLE_VALUE', {
    message: `Snowflake's NUMBER holds ${integerDigitsMax} digits, and an integer has more.`,
  })
}

const infinities = new Map([
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
])

/** A literal with a point is a NUMBER; only the cast from text gives the double. */
function numberLiteral(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value)
  const text = Object.is(value, -0) ? '-0' : (infinities.get(value) ?? String(value))
  return `'${text}'::FLOAT`
}

/** Between single quotes a backslash escapes, so it is doubled; `\0` would swallow the digits that follow. */
function stringLiteral(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\u0000')
  return `'${escaped}'`
}
