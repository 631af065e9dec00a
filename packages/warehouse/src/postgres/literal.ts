import { EclusaError } from '@eclusa/sdk'
import type { SqlValue } from '@eclusa/sdk'

/**
 * Writes a value as a PostgreSQL expression that evaluates to the same value.
 *
 * @throws UNREPRESENTABLE_VALUE for text with a NUL character, which PostgreSQL has no way to hold.
 */
export function postgresLiteral(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return numberLiteral(value)
  if (typeof value === 'string') return stringLiteral(value)
  return `'\\x${Buffer.from(value).toString('hex')}'::bytea`
}

/** Wider integers would come back as bigint. */
const int32Limit = 2 ** 31

/** A literal with a point is a numeric in PostgreSQL; only the cast from text gives the exact double. */
function numberLiteral(value: number): string {
  const isPlain = Number.isInteger(value) && Math.abs(value) < int32Limit && !Object.is(value, -0)
  return isPlain ? String(value) : `'${Object.is(value, -0) ? '-0' : value}'::double precision`
}

/** With a backslash inside, the E form reads the same whatever `standard_conforming_strings` says. */
function stringLiteral(value: string): string {
  if (value.includes('\0')) {
    throw new EclusaError('UNREPRESENTABLE_VALUE', { message: 'PostgreSQL text cannot hold a NUL character.' })
  }
  const quoted = value.replaceAll("'", "''")
  return value.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}
