import type { SqlValue } from '@eclusa/sdk'

/** Object identifiers of pg_type that never change. */
const oids = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, oid: 26, float4: 700, float8: 701 } as const

type TextParser = (text: string) => SqlValue

const parsers = new Map<number, TextParser>([
  [oids.bool, (text) => text === 't'],
  [oids.bytea, parseBytes],
  [oids.int2, Number],
  [oids.int4, Number],
  [oids.oid, Number],
  [oids.int8, BigInt],
  [oids.float4, Number],
  [oids.float8, Number],
])

/** The parser of a type by the rules of `SqlValue`: everything that is not listed stays the server's text. */
export function parserOf(oid: number): TextParser {
  return parsers.get(oid) ?? ((text) => text)
}

/** The session sets bytea_output to hex. */
function parseBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'))
}

/** What `pg` is given for a parameter; the server infers the type. */
export function bindableValue(value: SqlValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return Object.is(value, -0) ? '-0' : value
}
