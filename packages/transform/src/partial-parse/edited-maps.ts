import { Buffer } from 'node:buffer'
import { parseKept } from '../artifact/manifest-text.ts'
import type { ManifestText } from '../artifact/manifest-text.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { FullParseNeeded } from './part-parser.ts'

type Lists = Record<string, readonly string[]>
type Maps = Pick<ManifestText['others'], 'parent_map' | 'child_map' | 'group_map'>

export interface NodeEdit {
  readonly before: readonly ManifestNode[]
  readonly after: readonly ManifestNode[]
  /** All ids in the order of the manifest. */
  readonly ids: readonly string[]
}

/** The maps of a manifest after some of its nodes were replaced. @throws FullParseNeeded for a circle */
export function editedMaps(others: ManifestText['others'], edit: NodeEdit): Maps {
  const { parent_map: parents, child_map: children, group_map: groups } = others
  return {
    ...(hasSame(edit, parentsOf) ? { parent_map: parents, child_map: children } : editedRelations(parents, edit)),
    group_map: hasSame(edit, ({ group }) => group) ? groups : editedGroups(groups, edit),
  }
}

function parentsOf({ depends_on: dependsOn }: ManifestNode): readonly string[] {
  return (('nodes' in dependsOn ? dependsOn.nodes : undefined) ?? []).toSorted()
}

function hasSame({ before, after }: NodeEdit, pick: (node: ManifestNode) => unknown): boolean {
  const former = new Map(before.map((node) => [node.unique_id, JSON.stringify(pick(node))]))
  return (
    before.length === after.length && after.every((node) => former.get(node.unique_id) === JSON.stringify(pick(node)))
  )
}

function editedRelations(parentText: Uint8Array, { before, after }: NodeEdit): Pick<Maps, 'parent_map' | 'child_map'> {
  const parents = listsOf(parentText)
  for (const { unique_id: id } of before) delete parents[id]
  for (const node of after) parents[node.unique_id] = parentsOf(node)
  for (const { unique_id: id } of after) if (leadsToItself(id, parents)) throw new FullParseNeeded(`${id} needs itself`)
  const children: Record<string, string[]> = {}
  for (const [id, list] of Object.entries(parents)) {
    children[id] ??= []
    for (const parent of list) (children[parent] ??= []).push(id)
  }
  for (const list of Object.values(children)) list.sort()
  return { parent_map: textOf(parents), child_map: textOf(children) }
}

function leadsToItself(id: string, parents: Lists): boolean {
  const seen = new Set<string>()
  const open = [...(parents[id] ?? [])]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === id) return true
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...(parents[next] ?? []))
  }
  return false
}

function editedGroups(groupText: Uint8Array, { before, after, ids }: NodeEdit): Uint8Array {
  const removed = new Set(before.map(({ unique_id: id }) => id))
  const places = new Map(ids.map((id, place) => [id, place]))
  const groups = Object.fromEntries(
    Object.entries(listsOf(groupText)).map(([name, list]) => {
      const added = after.filter(({ group }) => group === name).map(({ unique_id: id }) => id)
      const kept = list.filter((id) => !removed.has(id))
      return [name, [...kept, ...added].toSorted((left, right) => places.get(left)! - places.get(right)!)]
    }),
  )
  return textOf(groups)
}

function listsOf(text: Uint8Array): Lists {
  return parseKept(Buffer.from(text).toString('utf8')) as Lists
}

function textOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
