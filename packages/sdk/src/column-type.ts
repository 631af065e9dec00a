import { z } from 'zod'

/**
 * The closed set of column types that move between connectors. Each has exactly one Arrow representation:
 * see arrow-type.ts for the table with encodings and special values.
 */
export type ColumnType =
  | { readonly type: 'boolean' }
  | { readonly type: 'int16' }
  | { readonly type: 'int32' }
  | { readonly type: 'int64' }
  | { readonly type: 'float32' }
  | { readonly type: 'float64' }
  | { readonly type: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly type: 'text' }
  | { readonly type: 'bytes' }
  | { readonly type: 'date' }
  | { readonly type: 'time' }
  | { readonly type: 'timetz' }
  | { readonly type: 'timestamp' }
  | { readonly type: 'timestamptz' }
  | { readonly type: 'interval' }
  | { readonly type: 'uuid' }
  | { readonly type: 'json' }
  | { readonly type: 'list'; readonly element: ColumnType }

/** The types that carry no parameters. */
export type PlainColumnTypeName = Exclude<ColumnType['type'], 'decimal' | 'list'>

/** The widest decimal that has an Arrow form here: 38 digits, as in every warehouse we write to. */
export const decimalPrecisionMax = 38

const plainTypeNames = [
  'boolean',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'text',
  'bytes',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'json',
] as const satisfies readonly PlainColumnTypeName[]

/** Validates a column type that comes from outside: strict, decimals of 1 to 38 digits. */
export const columnTypeSchema: z.ZodType<ColumnType> = z.union([
  z.strictObject({ type: z.enum(plainTypeNames) }),
  z
    .strictObject({
      type: z.literal('decimal'),
      precision: z.int().min(1).max(decimalPrecisionMax),
      scale: z.int().min(0),
    })
    .refine((decimal) => decimal.scale <= decimal.precision, 'scale must not exceed precision'),
  z.strictObject({
    type: z.literal('list'),
    get element() {
      return columnTypeSchema
    },
  }),
])

/** Writes a column type the way configuration and messages do: `int64`, `decimal(12,2)`, `list<text>`. */
export function formatColumnType(type: ColumnType): string {
  if (type.type === 'decimal') return `decimal(${type.precision},${type.scale})`
  if (type.type === 'list') return `list<${formatColumnType(type.element)}>`
  return type.type
}

/** Reads what `formatColumnType` writes; undefined when the text names no column type. */
export function parseColumnType(text: string): ColumnType | undefined {
  const trimmed = text.trim()
  const list = /^list<(.+)>$/.exec(trimmed)
  if (list) {
    const element = parseColumnType(list[1]!)
    return element && { type: 'list', element }
  }
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(trimmed)
  const candidate = decimal
    ? { type: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) }
    : { type: trimmed }
  const parsed = columnTypeSchema.safeParse(candidate)
  return parsed.success ? parsed.data : undefined
}
