import { EclusaError } from '@eclusa/sdk'
import { parentsOf } from '../manifest/node.ts'
import type { ProjectNode } from '../manifest/node.ts'
import type { Graph } from '../manifest/graph.ts'

/*
 * dbt's selection grammar: `[@][N+]method[.argument]:value[+N]`. A space is a union, a comma an intersection. Without
 * a method the value is a path if it has a slash or ends in .sql, else a name with its folders (fqn).
 */
const termPattern =
  /^(?<at>@)?(?:(?<parentDepth>\d*)(?<parents>\+))?(?:(?<method>[a-z_]+(?:\.[\w.]+)?):)?(?<value>[^+]+?)(?:(?<children>\+)(?<childDepth>\d*))?$/u

type Method = (node: ProjectNode, value: string, argument: string | undefined) => boolean

const methods: Readonly<Record<string, Method>> = {
  fqn: (node, value) => matchesFqn(node, value),
  name: (node, value) => matchesGlob(value, node.name),
  tag: (node, value) => node.config.tags.some((tag) => matchesGlob(value, tag)),
  path: (node, value) => matchesPath(node, value.replace(/\/$/u, '')),
  file: (node, value) =>
    matchesGlob(value, node.original_file_path.split('/').at(-1)!) ||
    matchesGlob(`${value}.sql`, node.original_file_path.split('/').at(-1)!),
  source: (node, value) =>
    node.resource_type === 'source' &&
    (matchesGlob(value, node.source_name) || matchesGlob(value, `${node.source_name}.${node.name}`)),
  resource_type: (node, value) => node.resource_type === value,
  test_type: (node, value) =>
    node.resource_type === 'test' && (value === 'generic') === (node.test_metadata !== undefined),
  config: (node, value, argument) => configValue(node, argument ?? '').some((item) => String(item) === value),
}

export interface Selection {
  /** Terms of `--select`; empty selects everything. */
  readonly select: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * The unique ids that a selection names. A test belongs to it when everything that it tests does (dbt's indirect
 * selection `eager` asks for one parent: a test is taken along with any model that it looks at).
 *
 * @throws SELECTION_INVALID for a method or a form that does not exist.
 */
export function selectNodes(
  nodes: ReadonlyMap<string, ProjectNode>,
  graph: Graph,
  { select, exclude }: Selection,
): Set<string> {
  const chosen = select.length === 0 ? new Set(nodes.keys()) : evaluate(nodes, graph, select)
  for (const id of exclude.length === 0 ? [] : evaluate(nodes, graph, exclude)) chosen.delete(id)
  return chosen
}

function evaluate(nodes: ReadonlyMap<string, ProjectNode>, graph: Graph, terms: readonly string[]): Set<string> {
  const union = new Set<string>()
  for (const term of terms.flatMap((text) => text.split(/\s+/u)).filter((text) => text !== '')) {
    const [first, ...others] = term.split(',').map((part) => withTests(nodes, evaluateTerm(nodes, graph, part)))
    for (const id of first!) if (others.every((other) => other.has(id))) union.add(id)
  }
  return union
}

function evaluateTerm(nodes: ReadonlyMap<string, ProjectNode>, graph: Graph, term: string): Set<string> {
  const groups = termPattern.exec(term)?.groups
  if (groups === undefined) throw invalid(term, 'it has not the form [@][N+]method:value[+N]')
  const [name, ...argument] = (groups['method'] ?? usualMethod(groups['value']!)).split('.')
  const method = methods[name!]
  if (method === undefined)
    throw invalid(term, `there is no method "${name}"; known: ${Object.keys(methods).join(', ')}`)
  const found = [...nodes.values()].filter((node) =>
    method(node, groups['value']!, argument.length > 0 ? argument.join('.') : undefined),
  )
  return expand(
    graph,
    found.map(({ unique_id: id }) => id),
    groups,
  )
}

function expand(
  graph: Graph,
  ids: readonly string[],
  groups: Readonly<Record<string, string | undefined>>,
): Set<string> {
  const result = new Set(ids)
  const add = (found: Iterable<string>) => {
    for (const id of found) result.add(id)
  }
  for (const id of ids) {
    if (groups['parents'] !== undefined) add(graph.reachable(id, 'parents', depthOf(groups['parentDepth'])))
    if (groups['children'] !== undefined) add(graph.reachable(id, 'children', depthOf(groups['childDepth'])))
    if (groups['at'] !== undefined) {
      const descendants = graph.reachable(id, 'children')
      add(descendants)
      for (const descendant of [id, ...descendants]) add(graph.reachable(descendant, 'parents'))
    }
  }
  return result
}

/** dbt's `eager`: a test comes along with any of the nodes that it looks at. */
function withTests(nodes: ReadonlyMap<string, ProjectNode>, ids: Set<string>): Set<string> {
  for (const node of nodes.values()) {
    if (node.resource_type === 'test' && parentsOf(node).some((id) => ids.has(id))) ids.add(node.unique_id)
  }
  return ids
}

function depthOf(text: string | undefined): number {
  return text === undefined || text === '' ? Infinity : Number(text)
}

function usualMethod(value: string): string {
  return value.includes('/') ? 'path' : /\.\w{2,3}$/u.test(value) && value.endsWith('.sql') ? 'file' : 'fqn'
}

/** The name alone, or its folders from the left, with or without the project in front. */
function matchesFqn(node: ProjectNode, value: string): boolean {
  if (matchesGlob(value, node.name)) return true
  const parts = value.split('.')
  return [node.fqn, node.fqn.slice(1)].some(
    (fqn) => parts.length <= fqn.length && parts.every((part, index) => matchesGlob(part, fqn[index]!)),
  )
}

function matchesPath(node: ProjectNode, value: string): boolean {
  return matchesGlob(value, node.original_file_path) || node.original_file_path.startsWith(`${value}/`)
}

function configValue(node: ProjectNode, path: string): unknown[] {
  const value = path
    .split('.')
    .reduce<unknown>(
      (level, key) =>
        typeof level === 'object' && level !== null ? (level as Record<string, unknown>)[key] : undefined,
      node.config,
    )
  return Array.isArray(value) ? value : [value]
}

function matchesGlob(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[$()+.\\^{|}]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^')
  return new RegExp(`^${source}$`, 'su').test(text)
}

function invalid(term: string, reason: string): EclusaError {
  return new EclusaError('SELECTION_INVALID', {
    message: `The selection "${term}" cannot be read: ${reason}.`,
    details: { term },
  })
}
