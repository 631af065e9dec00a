/** What kind of values a column has, whichever warehouse it is in and however wide it is. */
export type ValueFamily =
  | 'boolean'
  | 'bytes'
  | 'date'
  | 'decimal'
  | 'float'
  | 'integer'
  | 'json'
  | 'other'
  | 'text'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'

const patterns: readonly (readonly [RegExp, ValueFamily])[] = [
  [/[[\]{}]|^(?:struct|map|list|union)\b/u, 'other'],
  [/^bool/u, 'boolean'],
  [/^(?:u?(?:tiny|small|big|huge)?int(?:eger)?\d?|u(?:tiny|small|big|huge)?int(?:eger)?)$/u, 'integer'],
  [/^(?:numeric|decimal|number)/u, 'decimal'],
  [/^(?:real|float|double)/u, 'float'],
  [/^(?:timestamptz|timestamp.* with time zone)/u, 'timestamptz'],
  [/^timestamp/u, 'timestamp'],
  [/^date$/u, 'date'],
  [/^time(?!.* with time zone)/u, 'time'],
  [/^(?:varchar|text|char|bpchar|name|string)/u, 'text'],
  [/^uuid/u, 'uuid'],
  [/^json/u, 'json'],
  [/^(?:bytea|blob|varbinary)/u, 'bytes'],
]

/** @param sqlType the warehouse's own name: `DECIMAL(12,2)`, `character varying(20)` */
export function familyOf(sqlType: string): ValueFamily {
  const name = sqlType.toLowerCase()
  return patterns.find(([pattern]) => pattern.test(name))?.[1] ?? 'other'
}

const numeric = new Set<ValueFamily>(['integer', 'decimal', 'float'])
const moments = new Set<ValueFamily>(['date', 'timestamp', 'timestamptz'])

/** Whether values of both can be equal without being made text. */
export function areComparable(one: ValueFamily, other: ValueFamily): boolean {
  return one === other || (numeric.has(one) && numeric.has(other)) || (moments.has(one) && moments.has(other))
}
