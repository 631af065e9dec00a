import { redactedMark } from './redactor.ts'

/** Deeper values are cut: a log line tells what happened, it is no dump. */
const depthMax = 6
const membersMax = 100

/**
 * Turns any value into plain JSON data, with `redact` applied to every string and key. Never throws: a getter that
 * does, a cycle, or a class instance without data must not turn a log line into a failure.
 *
 * Errors keep their name, message, code, details, stack, causes and aggregated errors; bigints become texts; bytes
 * become their count, because they are data.
 */
export function loggable(value: unknown, redact: (text: string) => string): unknown {
  return plain(value, { redact, above: [] })
}

interface Place {
  readonly redact: (text: string) => string
  readonly above: readonly object[]
}

function plain(value: unknown, place: Place): unknown {
  switch (typeof value) {
    case 'string':
      return place.redact(value)
    case 'number':
      return plainNumber(value, place)
    case 'bigint':
      return place.redact(String(value))
    case 'symbol':
    case 'function':
      return place.redact(`[${typeof value}]`)
    case 'object':
      return value === null ? null : guarded(value, place)
    default:
      return value
  }
}

/** A number that is itself a secret (a PIN) is found by its text; JSON knows no NaN and no infinities. */
function plainNumber(value: number, place: Place): number | string {
  const text = String(value)
  if (place.redact(text) === redactedMark) return redactedMark
  return Number.isFinite(value) ? value : text
}

function guarded(value: object, place: Place): unknown {
  if (place.above.includes(value)) return '[circular]'
  if (place.above.length >= depthMax) return '[deep]'
  try {
    return plainObject(value, { ...place, above: [...place.above, value] })
  } catch {
    return '[unreadable]'
  }
}

function plainObject(value: object, place: Place): unknown {
  if (value instanceof Error) return plainError(value, place)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Map)
    return plainMembers(
      [...value].map(([key, member]) => [String(key), member]),
      place,
    )
  if (value instanceof Set || Array.isArray(value)) return plainArray([...value], place)
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON(), place)
  return plainMembers(Object.entries(value), place)
}

function plainArray(values: readonly unknown[], place: Place): unknown[] {
  const rest = values.length - membersMax
  const shown = values.slice(0, membersMax).map((member) => plain(member, place))
  return rest > 0 ? [...shown, `[${rest} more]`] : shown
}

function plainMembers(members: readonly [string, unknown][], place: Place): Record<string, unknown> {
  return Object.fromEntries(
    members
      .slice(0, membersMax)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [place.redact(key), plain(member, place)]),
  )
}

/** The properties of an error that are not enumerable come first; what a driver added to it follows. */
function plainError(error: Error, place: Place): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : undefined
  const own = Object.entries(error).filter(([key]) => key !== 'name' && key !== 'message' && key !== 'stack')
  return plainMembers(
    [...Object.entries({ name, message }), ...own, ...Object.entries({ stack, cause, errors })],
    place,
  )
}
