import type { SqlFault } from '../engine/statement.ts'

const marked = /SF(?<code>\d{6}):(?<sqlState>[0-9A-Z]{5}):(?<message>[\s\S]*)/u

interface Pattern {
  readonly pattern: RegExp
  readonly code: string
  readonly sqlState: string
  readonly message: (groups: Readonly<Record<string, string>>) => string
}

/** DuckDB's own failures that Snowflake has a number for. */
const patterns: readonly Pattern[] = [
  {
    pattern: /Could not convert string ["'](?<value>[\s\S]*?)["'] to (?:DECIMAL|INT|BIGINT|HUGEINT|DOUBLE|FLOAT)/u,
    code: '100038',
    sqlState: '22018',
    message: (groups) => `Numeric value '${groups['value']}' is not recognized`,
  },
  {
    pattern: /Could not (?:cast|convert) (?:value|string) ["']?(?<value>\S*?)["']? to DECIMAL/u,
    code: '100039',
    sqlState: '22003',
    message: (groups) => `Numeric value '${groups['value']}' is out of range`,
  },
  {
    pattern: /Overflow in (?:multiplication|addition|subtraction)|out of range/iu,
    code: '100039',
    sqlState: '22003',
    message: () => 'Number out of representable range',
  },
  {
    pattern: /could not convert blob to UTF8 string/u,
    code: '100144',
    sqlState: '22000',
    message: () =>
      'Invalid UTF8 detected in string. A column of Parquet without a logical type is binary: load it with BINARY_AS_TEXT = FALSE.',
  },
  {
    pattern: /More than one row returned by a subquery/u,
    code: '090150',
    sqlState: '22000',
    message: () => 'Single-row subquery returns more than one row.',
  },
]

/** The failure of a function as Snowflake tells it, or nothing when DuckDB failed for a reason of its own. */
export function executionFault(duckdbMessage: string): SqlFault | undefined {
  const own = marked.exec(duckdbMessage)?.groups
  if (own !== undefined) {
    return { code: own['code'] ?? '', sqlState: own['sqlState'] ?? '', message: (own['message'] ?? '').trim() }
  }
  for (const { pattern, code, sqlState, message } of patterns) {
    const found = pattern.exec(duckdbMessage)
    if (found !== null) return { code, sqlState, message: message(found.groups ?? {}) }
  }
  return undefined
}
