import { nativeError } from './native-function.ts'
import type { NativeFunction } from './native-function.ts'
import { parseTime } from './parse-time.ts'
import type { ParsedTime } from './parse-time.ts'
import { formatTime } from './time-format.ts'

type Kind = 'Date' | 'Time' | 'Timestamp'

function parsed(text: string, format: string, kind: Kind): ParsedTime {
  const found = parseTime(text, format)
  if (found !== undefined && (kind === 'Time' ? found.hasTime : found.hasDate)) return found
  if (format.toUpperCase() === 'AUTO') throw nativeError(codes[kind][0], '22007', `${kind} '${text}' is not recognized`)
  throw nativeError(codes[kind][1], '22007', `Can't parse '${text}' as ${kind.toLowerCase()} with format '${format}'`)
}

const codes: Readonly<Record<Kind, readonly [string, string]>> = {
  Date: ['100040', '100096'],
  Time: ['100108', '100107'],
  Timestamp: ['100035', '100096'],
}

/** Functions between texts and times; all times are microseconds since 1970 as a wall clock shows them. */
export const nativeTimeFunctions: readonly NativeFunction[] = [
  ...(['Date', 'Time', 'Timestamp'] as const).map((kind): NativeFunction => ({
    name: `sf_parse_${kind.toLowerCase()}`,
    parameters: ['text', 'text'],
    returns: 'integer',
    compute: (text: string, format: string) => parsed(text, format, kind).microseconds,
  })),
  {
    name: 'sf_parse_offset',
    parameters: ['text', 'text'],
    returns: 'integer',
    compute: (text: string, format: string) => {
      const offset = parseTime(text, format)?.offset
      return offset === undefined ? null : BigInt(offset)
    },
  },
  {
    name: 'sf_format_time',
    parameters: ['integer', 'integer', 'text'],
    returns: 'text',
    nulls: true,
    compute: (microseconds: bigint | null, offset: bigint | null, format: string | null) =>
      microseconds === null || format === null
        ? null
        : formatTime(microseconds, offset === null ? null : Number(offset), format),
  },
]
