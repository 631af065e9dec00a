export type IdSet = ReadonlySet<string>

/** Everything that is in one of them. */
export function unionOf(...sets: readonly Iterable<string>[]): Set<string> {
  const union = new Set<string>()
  for (const set of sets) for (const id of set) union.add(id)
  return union
}

/** What is in all of them; nothing of none. */
export function intersectionOf([first, ...others]: readonly IdSet[]): Set<string> {
  return new Set([...(first ?? [])].filter((id) => others.every((other) => other.has(id))))
}

/** What is in the first and in no other. */
export function differenceOf([first, ...others]: readonly IdSet[]): Set<string> {
  return new Set([...(first ?? [])].filter((id) => !others.some((other) => other.has(id))))
}
