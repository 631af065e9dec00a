/** A row of the table: the mark in front, then one text per column. */
type MarkedRow = readonly string[]
type Row = readonly string[]

export interface ComparedRows {
  readonly actual: readonly Row[]
  readonly expected: readonly Row[]
}

/**
 * How two sets of rows differ, as dbt shows it: `+++` a row that was not expected, `---` one that is missing, `→` one
 * whose cells differ (`expected→actual`), `...` rows that are equal and away from all these. Undefined when both are
 * equal, whatever their order.
 */
export function differenceTable(columns: readonly string[], { actual, expected }: ComparedRows): string | undefined {
  const missing = without(expected, actual)
  const surplus = without(actual, expected)
  if (missing.length === 0 && surplus.length === 0) return undefined
  const pairs = closestPairs(surplus, missing)
  const left = missing.filter((row) => ![...pairs.values()].includes(row))
  const changed = new Set(surplus)
  const rows = actual.map((row): MarkedRow => {
    if (!changed.has(row)) return ['', ...row]
    const wanted = pairs.get(row)
    return wanted === undefined ? ['+++', ...row] : ['→', ...row.map((cell, at) => changeOf(wanted[at] ?? '', cell))]
  })
  return aligned([['@@', ...columns], ...shortened([...rows, ...left.map((row) => ['---', ...row])])])
}

function changeOf(wanted: string, found: string): string {
  return wanted === found ? found : `${wanted}→${found}`
}

/** The rows of `left` that have no equal among those of `right`, each of which can stand for one only. */
function without(left: readonly Row[], right: readonly Row[]): Row[] {
  const open = new Map<string, number>()
  for (const row of right) open.set(JSON.stringify(row), (open.get(JSON.stringify(row)) ?? 0) + 1)
  return left.filter((row) => {
    const key = JSON.stringify(row)
    const count = open.get(key) ?? 0
    if (count > 0) open.set(key, count - 1)
    return count === 0
  })
}

/** Beyond this, looking for rows that are alike takes longer than a reader would look at them. */
const comparisonsMax = 250_000

/** Rows that are meant to be the same: those with most cells in common first, and none without any. */
function closestPairs(surplus: readonly Row[], missing: readonly Row[]): ReadonlyMap<Row, Row> {
  if (surplus.length * missing.length > comparisonsMax) return new Map()
  const candidates = surplus
    .flatMap((row) => missing.map((wanted) => ({ row, wanted, equal: row.filter((cell, at) => cell === wanted[at]) })))
    .filter(({ equal }) => equal.length > 0)
    .toSorted((a, b) => b.equal.length - a.equal.length)
  const pairs = new Map<Row, Row>()
  const taken = new Set<Row>()
  for (const { row, wanted } of candidates) {
    if (pairs.has(row) || taken.has(wanted)) continue
    pairs.set(row, wanted)
    taken.add(wanted)
  }
  return pairs
}

/** Equal rows stand only beside what differs. */
function shortened(rows: readonly MarkedRow[]): MarkedRow[] {
  const isEqual = (row: MarkedRow | undefined) => row === undefined || row[0] === ''
  const isShown = rows.map((row, at) => !isEqual(row) || !isEqual(rows[at - 1]) || !isEqual(rows[at + 1]))
  return rows.flatMap((row, at) => {
    if (isShown[at] === true) return [row]
    return at === 0 || isShown[at - 1] === true ? [row.map(() => '...')] : []
  })
}

function aligned(table: readonly MarkedRow[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join(','),
    )
    .join('\n')
}
