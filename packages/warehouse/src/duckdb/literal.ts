import type { SqlValue } from '@eclusa/sdk'

const hugeintMax = 2n ** 127n - 1n

/** Writes a value as a DuckDB expression that evaluates to the same value. */
export function duckdbLiteral(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'bigint') return bigintLiteral(value)
  if (typeof value === 'number') return numberLiteral(value)
  if (typeof value === 'string') return stringLiteral(value)
  return `unhex('${Buffer.from(value).toString('hex')}')`
}

/** Beyond 128 bits a bare literal would become a DOUBLE. */
function bigintLiteral(value: bigint): string {
  const isHuge = value > hugeintMax || value < -hugeintMax
  return isHuge ? `'${value}'::BIGNUM` : String(value)
}

/** Wider integers would come back as bigint. */
const int32Limit = 2 ** 31

/** A literal with a point is a DECIMAL in DuckDB; only the cast from text gives the exact double. */
function numberLiteral(value: number): string {
  const isPlain = Number.isInteger(value) && Math.abs(value) < int32Limit && !Object.is(value, -0)
  return isPlain ? String(value) : `'${Object.is(value, -0) ? '-0' : value}'::DOUBLE`
}

/** SQL text ends at a NUL character, so that one is spelled as an expression. */
function stringLiteral(value: string): string {
  const parts = value.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`
}
