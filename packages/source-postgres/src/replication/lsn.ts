import { EclusaError } from '@eclusa/sdk'

/**
 * A position in the write-ahead log: an unsigned 64-bit count of bytes, written `16/B374D848`.
 *
 * A bigint, since a JS number is exact only to 53 bits and PostgreSQL sets no such limit. It costs an object, so nothing
 * that happens once per change makes one: a row's place is the LSN of its commit, made once per transaction, and its
 * number within it.
 */
export type Lsn = bigint

/** PostgreSQL's InvalidXLogRecPtr: no position. The server ignores it in a status update. */
export const lsnNone: Lsn = 0n

const textPattern = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/

/** Reads `16/B374D848`, upper or lower case, as PostgreSQL does. @throws REPLICATION_PROTOCOL_VIOLATION */
export function parseLsn(text: string): Lsn {
  const [, high, low] = textPattern.exec(text) ?? []
  if (high === undefined || low === undefined) {
    throw new EclusaError('REPLICATION_PROTOCOL_VIOLATION', {
      message: `"${text}" is not a position in the write-ahead log.`,
    })
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** As PostgreSQL prints a pg_lsn. */
export function formatLsn(lsn: Lsn): string {
  const text = (half: bigint) => half.toString(16).toUpperCase()
  return `${text(lsn >> 32n)}/${text(lsn & 0xffff_ffffn)}`
}

/** For sorting: negative when `left` comes first. */
export function compareLsn(left: Lsn, right: Lsn): -1 | 0 | 1 {
  if (left === right) return 0
  return left < right ? -1 : 1
}
