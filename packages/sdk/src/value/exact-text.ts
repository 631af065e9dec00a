/** A JavaScript value as text, without loss: for the note that a value leaves when its column cannot hold it. */
export function exactText(value: unknown): string {
  // A lone surrogate has no UTF-8 form; JSON writes it as an escape.
  if (typeof value === 'string') return value.isWellFormed() ? value : JSON.stringify(value)
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (Object.is(value, -0)) return '-0'
  if (typeof value !== 'object' || value === null) return String(value)
  try {
    return JSON.stringify(value, exactMember)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** JSON has no form of its own for these; as texts they stay readable. */
function exactMember(_key: string, member: unknown): unknown {
  if (typeof member === 'bigint' || typeof member === 'function' || typeof member === 'symbol') return String(member)
  if (typeof member === 'number' && (!Number.isFinite(member) || Object.is(member, -0))) return exactText(member)
  if (ArrayBuffer.isView(member)) return exactText(new Uint8Array(member.buffer, member.byteOffset, member.byteLength))
  if (member instanceof Map || member instanceof Set) return [...member]
  return member
}
