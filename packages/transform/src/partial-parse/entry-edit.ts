import { Buffer } from 'node:buffer'
import { parseKept } from '../artifact/manifest-text.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { disabledById } from '../parse/disabled-entries.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import type { PartPlan } from './part-plan.ts'
import type { ParsedPart } from './part-parser.ts'
import type { SavedParse } from './saved-parse.ts'
import { entryTypes, unitOf } from './unit-order.ts'

/** The types of entries that a part has anew as a whole. */
export function entriesAgain({ sources, entries }: ParsedPart): ReadonlySet<string> {
  return new Set(entryTypes.filter((type) => (type === 'source' ? sources : entries) !== undefined))
}

/** Undefined when nothing that is switched off has changed. */
export function editedDisabled(
  { text, uses }: SavedParse,
  plan: PartPlan,
  part: ParsedPart,
): Manifest['disabled'] | undefined {
  const types = entriesAgain(part)
  const isReplaced = (unit: string) => plan.replaced.has(unit) || types.has(unit)
  const { entries } = part.disabled
  if (entries.length === 0 && !uses.disabled.some(([unit]) => isReplaced(unit))) return undefined
  const former = Object.values(jsonOf(text.others.disabled) as Manifest['disabled']).flat()
  const kept = former.filter((entry) => !isReplaced(unitOf(entry)))
  const placed = [...kept, ...entries].map((entry) => ({ entry, place: plan.order.place(unitOf(entry)) }))
  return disabledById(placed.toSorted((left, right) => left.place - right.place).map(({ entry }) => entry))
}

/** Which nodes each group owns; undefined when there are no groups, nor were any. */
export function editedGroups(
  { text, rows }: SavedParse,
  { nodes, entries }: ParsedPart,
  ids: readonly string[],
): Manifest['group_map'] | undefined {
  const former = jsonOf(text.others.group_map) as Manifest['group_map']
  const names = entries === undefined ? Object.keys(former) : [...entries.groups.values()].map(({ name }) => name)
  if (names.length === 0 && Object.keys(former).length === 0) return undefined
  const made = new Set(nodes.map(({ unique_id: id }) => id))
  const places = new Map(ids.map((id, place) => [id, place]))
  const wereNodes = new Set(rows.ids)
  const owned = new Map(names.map((name): [string, string[]] => [name, []]))
  const add = (name: string, id: string) => {
    const list = owned.get(name)
    if (list === undefined) throw new FullParseNeeded(`the group ${name} is gone`)
    list.push(id)
  }
  for (const [name, list] of Object.entries(former))
    for (const id of list) if (wereNodes.has(id) && places.has(id) && !made.has(id)) add(name, id)
  for (const { group, unique_id: id } of nodes) if (typeof group === 'string') add(group, id)
  for (const list of owned.values()) list.sort((left, right) => places.get(left)! - places.get(right)!)
  if (entries === undefined)
    for (const [name, list] of Object.entries(former)) for (const id of list) if (!wereNodes.has(id)) add(name, id)
  const unrun = entries === undefined ? [] : [entries.semanticModels, entries.metrics, entries.savedQueries]
  for (const { group, unique_id: id } of unrun.flatMap((map) => [...map.values()]))
    if (typeof group === 'string') add(group, id)
  return Object.fromEntries(owned)
}

function jsonOf(bytes: Uint8Array): unknown {
  return parseKept(Buffer.from(bytes).toString('utf8'))
}
