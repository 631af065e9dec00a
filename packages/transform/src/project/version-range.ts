/** A version of a package: `1.2.3`, `1.2.3-rc.1`. */
export interface PackageVersion {
  readonly text: string
  readonly numbers: readonly [major: number, minor: number, patch: number]
  readonly prerelease: string
}

const versionPattern = /^v?(\d+)\.(\d+)\.(\d+)(?:-?([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/u

export function parseVersion(text: string): PackageVersion | undefined {
  const match = versionPattern.exec(text.trim())
  if (match === null) return undefined
  return {
    text: text.trim(),
    numbers: [Number(match[1]), Number(match[2]), Number(match[3])],
    prerelease: match[4] ?? '',
  }
}

/** Before or after, as semantic versioning has it: a prerelease comes before its release. */
export function compareVersions(left: PackageVersion, right: PackageVersion): number {
  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  if (left.prerelease === right.prerelease) return 0
  if (left.prerelease === '' || right.prerelease === '') return left.prerelease === '' ? 1 : -1
  return comparePrereleases(left.prerelease.split('.'), right.prerelease.split('.'))
}

function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [first, second] = [left[index], right[index]]
    if (first === undefined || second === undefined) return first === undefined ? -1 : 1
    if (first === second) continue
    const [a, b] = [Number(first), Number(second)]
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b
    return first < second ? -1 : 1
  }
  return 0
}

/** One bound of a range: `>=1.0.0`, `<2.0.0`, `=1.1.0`, `1.1.0`. */
export interface VersionBound {
  readonly operator: '=' | '>' | '>=' | '<' | '<='
  readonly version: PackageVersion
}

/** The bounds of a range in any of dbt's ways of writing: one text, several with commas between, or a list. */
export function parseRange(range: string | readonly string[]): VersionBound[] | undefined {
  const bounds = [range].flat().flatMap((part) => part.split(',').map((text) => text.trim()))
  const parsed = bounds.filter((text) => text !== '').map(parseBound)
  return parsed.includes(undefined) ? undefined : (parsed as VersionBound[])
}

function parseBound(text: string): VersionBound | undefined {
  const [, operator = '=', rest = ''] = /^(==|=|>=|>|<=|<)?\s*(.*)$/u.exec(text) ?? []
  const version = parseVersion(rest)
  if (version === undefined) return undefined
  return { operator: (operator === '==' ? '=' : operator) as VersionBound['operator'], version }
}

export function isWithin(version: PackageVersion, bounds: readonly VersionBound[]): boolean {
  return bounds.every((bound) => {
    const order = compareVersions(version, bound.version)
    switch (bound.operator) {
      case '=':
        return order === 0
      case '>':
        return order > 0
      case '>=':
        return order >= 0
      case '<':
        return order < 0
      case '<=':
        return order <= 0
    }
  })
}

/**
 * The highest version within all bounds. Prereleases count only where they are asked for, by a flag or by a bound that
 * names one.
 */
export function highestWithin(
  versions: readonly string[],
  bounds: readonly VersionBound[],
  allowsPrereleases: boolean,
): string | undefined {
  const named = new Set(bounds.map(({ version }) => version.prerelease).filter((text) => text !== ''))
  return versions
    .map(parseVersion)
    .filter((version) => version !== undefined)
    .filter(({ prerelease }) => prerelease === '' || allowsPrereleases || named.size > 0)
    .filter((version) => isWithin(version, bounds))
    .toSorted(compareVersions)
    .at(-1)?.text
}
