import type { LineageGraph } from './lineage-graph.ts'
import { kindOf, packageOf } from './site-data.ts'
import type { IndexEntry } from './site-data.ts'

/*
 * dbt's selection, as far as the site knows what it is about: `2+orders+1`, `@orders`, `tag:nightly`, `path:models/marts`,
 * `config.materialized:table`, globs; a space is a union, a comma an intersection.
 */

export interface LineageSelection {
  readonly entries: ReadonlySet<number>
  /** Terms that found nothing. */
  readonly unknown: readonly string[]
}

export function selectLineage(
  entries: readonly IndexEntry[],
  graph: LineageGraph,
  { select, exclude }: { readonly select: string; readonly exclude: string },
): LineageSelection {
  const unknown: string[] = []
  const resolve = (text: string) => unionOf(entries, graph, text, unknown)
  const excluded = resolve(exclude)
  const chosen = select.trim() === '' ? new Set(entries.keys()) : resolve(select)
  return { entries: new Set([...chosen].filter((at) => !excluded.has(at))), unknown }
}

function unionOf(
  entries: readonly IndexEntry[],
  graph: LineageGraph,
  text: string,
  unknown: string[],
): ReadonlySet<number> {
  const union = new Set<number>()
  for (const term of text.split(/\s+/u).filter(Boolean)) {
    const [first = new Set<number>(), ...others] = term
      .split(',')
      .filter(Boolean)
      .map((atom) => atomOf(entries, graph, atom))
    const found = [...first].filter((at) => others.every((other) => other.has(at)))
    if (found.length === 0) unknown.push(term)
    for (const at of found) union.add(at)
  }
  return union
}

const atomPattern =
  /^(?<childrensParents>@)?(?:(?<parentDepth>\d*)(?<parents>\+))?(?:(?<method>[a-z_]+(?:\.[\w.]+)?):)?(?<value>.+?)(?:(?<children>\+)(?<childDepth>\d*))?$/u

function atomOf(entries: readonly IndexEntry[], graph: LineageGraph, atom: string): ReadonlySet<number> {
  const groups = atomPattern.exec(atom)?.groups
  if (groups === undefined) return new Set()
  const { childrensParents, parentDepth, parents, method = 'name', value = '', children, childDepth } = groups
  const matches = matcherOf(method, value)
  const own = [...entries.keys()].filter((at) => matches(entries[at]!))
  const found = new Set(own)
  const add = (more: Iterable<number>) => {
    for (const at of more) found.add(at)
  }
  if (childrensParents !== undefined) {
    const below = graph.reachable(own, 'children')
    add(below)
    add(graph.reachable([...own, ...below], 'parents'))
  }
  if (parents !== undefined) add(graph.reachable(own, 'parents', depthOf(parentDepth)))
  if (children !== undefined) add(graph.reachable(own, 'children', depthOf(childDepth)))
  return found
}

function depthOf(text: string | undefined): number {
  return text === undefined || text === '' ? Infinity : Number(text)
}

type Matcher = (entry: IndexEntry) => boolean

function matcherOf(method: string, value: string): Matcher {
  const matches = globMatcher(value)
  switch (method) {
    case 'tag':
      return ({ tags = [] }) => tags.some(matches)
    case 'path':
    case 'file':
      return ({ file = '' }) =>
        matches(file) ||
        matches(file.slice(file.lastIndexOf('/') + 1)) ||
        file.startsWith(`${value.replace(/\/$/u, '')}/`)
    case 'package':
      return (entry) => matches(packageOf(entry))
    case 'config.materialized':
      return ({ materialized = '' }) => matches(materialized)
    case 'resource_type':
      return (entry) => matches(kindOf(entry))
    case 'group':
      return ({ group = '' }) => matches(group)
    case 'schema':
      return ({ relation }) => relation !== undefined && matches(relation.schema)
    case 'source':
      return (entry) => kindOf(entry) === 'source' && nameMatches(entry, value, matches)
    case 'exposure':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return (entry) => kindOf(entry) === method && nameMatches(entry, value, matches)
    case 'result':
      return ({ status = '' }) => matches(status)
    case 'name':
    case 'fqn':
      return (entry) => entry.id === value || nameMatches(entry, value, matches) || isInFolder(entry, value)
    default:
      return () => false
  }
}

/** The whole name, or that of the source that a table belongs to; a package may stand in front. */
function nameMatches(entry: IndexEntry, value: string, matches: (text: string) => boolean): boolean {
  const { name } = entry
  return (
    matches(name) ||
    matches(`${packageOf(entry)}.${name}`) ||
    (kindOf(entry) === 'source' && name.startsWith(`${value}.`))
  )
}

/** `staging`, `shop.staging`: everything in a folder of that name, or of the package. */
function isInFolder(entry: IndexEntry, value: string): boolean {
  if (kindOf(entry) === 'source') return false
  const folders = [packageOf(entry), ...(entry.file ?? '').split('/').slice(1, -1)]
  return folders.includes(value) || folders.join('.') === value || folders.join('.').startsWith(`${value}.`)
}

function globMatcher(glob: string): (text: string) => boolean {
  if (!/[*?[]/u.test(glob)) return (text) => text === glob
  const source = glob
    .replaceAll(/[.+^${}()|\\]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  try {
    const pattern = new RegExp(`^${source}$`, 'u')
    return (text) => pattern.test(text)
  } catch {
    return (text) => text === glob
  }
}
