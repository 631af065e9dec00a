/**
 * The candidate that a misspelt name most likely meant; undefined when none is near enough to be worth suggesting.
 *
 * Upper and lower case, `-` and `_` do not count, so `batchRowsMax` finds `batch_rows_max`. Otherwise one slip
 * (a letter missing, added, changed, or two neighbours swapped) is allowed per three letters, and leaving out the end of
 * a name counts as one.
 */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(name)
  let closest: string | undefined
  let slipsLeast = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    if (candidate === name) continue
    const full = plain(candidate)
    const slips = wanted.length >= 3 && full.startsWith(wanted) ? 1 : slipsBetween(wanted, full)
    if (slips < slipsLeast) {
      closest = candidate
      slipsLeast = slips
    }
  }
  return closest
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** Damerau-Levenshtein distance in its "optimal string alignment" form: a swap of neighbours counts as one slip. */
function slipsBetween(left: string, right: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const changed = left[row - 1] === right[column - 1] ? 0 : 1
      let slips = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + changed)
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (row > 1 && column > 1 && swapped) slips = Math.min(slips, beforePrevious[column - 2]! + 1)
      current.push(slips)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.length]!
}
