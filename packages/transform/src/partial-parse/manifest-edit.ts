import { Buffer } from 'node:buffer'
import type { ManifestText } from '../artifact/manifest-text.ts'
import { sortedParents } from '../manifest/manifest-maps.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import { editedDisabled, editedGroups, entriesAgain } from './entry-edit.ts'
import type { PartPlan } from './part-plan.ts'
import type { ParsedPart } from './part-parser.ts'
import { editedRelations } from './relation-edit.ts'
import type { RelationTables, Relative } from './relation-edit.ts'
import { fresh, rearrangedColumn, rearrangedList, rowBytes } from './row-table.ts'
import type { RowOrigins } from './row-table.ts'
import { WordLists, missingOf, propertiesFacts, unitOfOrigin, disabledOf } from './saved-index.ts'
import type { SavedProperties, SavedRows, SavedUses } from './saved-index.ts'
import type { SavedLookup } from './saved-lookup.ts'
import type { ParseEdit, PatchRows, SavedParse } from './saved-parse.ts'
import { fileUnit, unitOf } from './unit-order.ts'

export interface ManifestEditFacts {
  readonly saved: SavedParse
  readonly lookup: SavedLookup
  readonly plan: PartPlan
  readonly part: ParsedPart
  /** What templates of the part look up. */
  readonly names: ReadonlyMap<object, readonly string[]>
}

export type EditedParse = Omit<ParseEdit, 'inputs'> & Pick<SavedParse, 'text'>

/**
 * What was kept of a whole project, with a part of it in the place of what was there before.
 *
 * @throws FullParseNeeded
 */
export function editParse(facts: ManifestEditFacts): EditedParse {
  const { saved, plan, part, lookup } = facts
  const drafts = part.drafts
    .map((draft, index) => ({ draft, node: part.nodes[index]!, unit: plan.order.place(unitOf(draft)) }))
    .toSorted((left, right) => left.unit - right.unit)
  const units = drafts.map(({ unit }) => unit)
  const places = Int32Array.from(plan.formerOrder.units, (unit) =>
    plan.replaced.has(unit) ? -1 : plan.order.place(unit),
  )
  const origins = rowOrigins(saved.rows.units, places, units)
  const relatives = drafts.map(({ node }) => ({ id: node.unique_id, parents: sortedParents(node) }))
  const { ids, others, ...relations } = editRelations(facts, origins, relatives)
  const [names, docs] = [new WordLists(saved.uses.names), new WordLists(saved.uses.docs)]
  const newNames = drafts.map(({ draft }) => names.place(facts.names.get(draft)))
  const newDocs = drafts.map(({ draft }) => docs.place(part.asked.nodes.get(draft)))
  const newRows = drafts.map(({ node }) => rowBytes(node.unique_id, node))
  const formerUnits = saved.rows.units.map((place) => places[place]!)
  return {
    rows: {
      ...(ids === undefined ? {} : { ids }),
      ...(others === undefined ? {} : { others }),
      units: rearrangedColumn(formerUnits, origins, units),
      names: rearrangedColumn(saved.rows.names, origins, newNames),
      docs: rearrangedColumn(saved.rows.docs, origins, newDocs),
    },
    uses: { ...editedUses(facts), names: names.lists, docs: docs.lists },
    ...(part.edit.isSame ? {} : { faces: part.edit.faces }),
    properties: editedProperties(facts),
    ...editedPatches(facts),
    text: {
      rows: { nodes: lookup.nodes.rearranged(origins, newRows), ...relations },
      others: { ...saved.text.others, ...otherSections(facts, ids ?? saved.rows.ids) },
    },
  }
}

type EditedRelations = RelationTables & Partial<Pick<SavedRows, 'ids' | 'others'>>

/** The maps, and the ids where these are not what they were. Most changes leave both alone. */
function editRelations(facts: ManifestEditFacts, origins: RowOrigins, nodes: readonly Relative[]): EditedRelations {
  const { saved, part, lookup } = facts
  const { rows, text } = saved
  const newIds = nodes.map(({ id }) => id)
  const hasSameIds =
    origins.length === rows.ids.length &&
    origins.every((origin, row) => (origin >= 0 ? origin === row : newIds[-1 - origin] === rows.ids[row]))
  const hasSameParents = ({ id, parents }: Relative) => JSON.stringify(parents) === JSON.stringify(lookup.parentsOf(id))
  if (hasSameIds && part.sources === undefined && part.entries === undefined && nodes.every(hasSameParents))
    return { parent_map: text.rows.parent_map, child_map: text.rows.child_map }
  refuseTwins(newIds, origins, lookup)
  const relatives = [...nodes]
  const behind = rowsBehind(saved, part).map((one) => (typeof one === 'number' ? one : fresh(relatives.push(one) - 1)))
  const former = [...rows.ids, ...rows.others]
  const all = Int32Array.from([...origins, ...behind])
  const ids = rearrangedList(
    former,
    all,
    relatives.map(({ id }) => id),
  )
  const tables = editedRelations(former, lookup, { origins: all, relatives, ids })
  return { ...tables, ids: ids.slice(0, origins.length), others: ids.slice(origins.length) }
}

/** Rows that stay in their order, and the new ones at the places of their units. */
function rowOrigins(former: Int32Array, places: Int32Array, units: readonly number[]): RowOrigins {
  const origins: number[] = []
  let [next, last] = [0, -1]
  for (const [row, unit] of former.entries()) {
    const place = places[unit]!
    if (place === -1) continue
    if (place < last) throw new FullParseNeeded('files have changed places')
    last = place
    while (next < units.length && units[next]! < place) origins.push(fresh(next++))
    origins.push(row)
  }
  while (next < units.length) origins.push(fresh(next++))
  return Int32Array.from(origins)
}

function refuseTwins(ids: readonly string[], origins: RowOrigins, lookup: SavedLookup): void {
  const kept = new Set(origins)
  const twin = ids.find(
    (id, index) => ids.indexOf(id, index + 1) !== -1 || kept.has(lookup.place(id) ?? -1 - ids.length),
  )
  if (twin !== undefined) throw new FullParseNeeded(`two nodes are called ${twin}`)
}

/** What the maps have behind the nodes: rows of before, and new entries. */
function rowsBehind({ rows }: SavedParse, { sources, entries }: ParsedPart): (number | Relative)[] {
  const former = rows.others.map((id, index) => ({ id, row: rows.ids.length + index }))
  const isSource = ({ id }: { readonly id: string }) => id.startsWith('source.')
  const relative = (entry: { readonly unique_id: string }) => ({ id: entry.unique_id, parents: sortedParents(entry) })
  const ofSources = sources?.map(relative) ?? former.filter(isSource).map(({ row }) => row)
  if (entries === undefined) return [...ofSources, ...former.filter((one) => !isSource(one)).map(({ row }) => row)]
  const { exposures, metrics, semanticModels, savedQueries, unitTests } = entries
  const all = [exposures, metrics, semanticModels, savedQueries, unitTests].flatMap((map) => [...map.values()])
  return [...ofSources, ...all.map(relative)]
}

function otherSections(
  { saved, plan, part }: ManifestEditFacts,
  ids: readonly string[],
): Partial<ManifestText['others']> {
  const { sources, entries, macros } = part
  const { docs } = plan
  const [disabled, groups] = [editedDisabled(saved, plan, part), editedGroups(saved, part, ids)]
  return {
    ...(sources === undefined ? {} : { sources: bytesOf(byId(sources)) }),
    ...(macros === undefined ? {} : { macros: bytesOf(macros) }),
    ...(docs === undefined ? {} : { docs: bytesOf(byId(docs.blocks)) }),
    ...(disabled === undefined ? {} : { disabled: bytesOf(disabled) }),
    ...(groups === undefined ? {} : { group_map: bytesOf(groups) }),
    ...(entries === undefined
      ? {}
      : {
          exposures: bytesOf(Object.fromEntries(entries.exposures)),
          metrics: bytesOf(Object.fromEntries(entries.metrics)),
          groups: bytesOf(Object.fromEntries(entries.groups)),
          saved_queries: bytesOf(Object.fromEntries(entries.savedQueries)),
          semantic_models: bytesOf(Object.fromEntries(entries.semanticModels)),
          unit_tests: bytesOf(Object.fromEntries(entries.unitTests)),
        }),
  }
}

function editedUses({ saved, plan, part, names }: ManifestEditFacts): Omit<SavedUses, 'names' | 'docs'> {
  const again = entriesAgain(part)
  const { uses } = saved
  const isKept = (unit: string) => !plan.replaced.has(unit)
  return {
    docsOfSources: part.sources === undefined ? uses.docsOfSources : [...part.asked.sources],
    docsOfOthers: [...new Set([...uses.docsOfOthers, ...part.asked.others])],
    missing: [...uses.missing.filter(([unit]) => isKept(unit)), ...missingOf(part.missing)],
    disabled: [
      ...uses.disabled.filter(([unit]) => isKept(unit) && !again.has(unit)),
      ...disabledOf(part.disabled, names),
    ],
  }
}

function editedProperties({ saved, plan }: ManifestEditFacts): SavedProperties {
  const isThere = ([key]: [string, unknown]) => {
    const at = key.indexOf(':')
    return plan.order.place(fileUnit('properties', key.slice(0, at), key.slice(at + 1))) !== -1
  }
  const kept = Object.entries(saved.properties).filter(isThere)
  const loaded = [...plan.properties].map(([key, one]) => [key, propertiesFacts(one)] as const)
  return Object.fromEntries([...kept, ...loaded])
}

/** Most changes of a node leave alone what properties say of it. */
function editedPatches({ saved, plan, part, lookup }: ManifestEditFacts): { readonly patches?: PatchRows } {
  const { origins } = saved.patches
  const made = [...part.patches].flatMap(([origin, patch]) => (patch === undefined ? [] : [[origin, patch] as const]))
  const kept = origins.flatMap((origin, row) => (plan.replaced.has(unitOfOrigin(origin)) ? [] : [row]))
  const isSame = ([origin, patch]: (typeof made)[number]) =>
    JSON.stringify(lookup.patchOf(origin)) === JSON.stringify(patch)
  if (kept.length + made.length === origins.length && made.every(isSame)) return {}
  const order = Int32Array.from([...kept, ...made.map((_, index) => fresh(index))])
  const rows = made.map(([origin, patch]) => rowBytes(origin, patch))
  const all = rearrangedList(
    origins,
    order,
    made.map(([origin]) => origin),
  )
  return { patches: { origins: all, rows: lookup.patches.rearranged(order, rows) } }
}

function byId<Entry extends { readonly unique_id: string }>(entries: readonly Entry[]): Record<string, Entry> {
  return Object.fromEntries(entries.map((entry) => [entry.unique_id, entry]))
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
