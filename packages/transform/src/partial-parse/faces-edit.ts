import type { ReferableSource } from '../parse/node-index.ts'
import type { ParsedNode } from '../parse/parsed-node.ts'
import { isReferable } from '../parse/project-parser.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import type { PartPlan } from './part-plan.ts'
import { faceOf } from './saved-index.ts'
import type { NodeFace, SavedFaces } from './saved-index.ts'
import { unitOf } from './unit-order.ts'

/** What references can mean after a change, and what of it is another than before. */
export interface FacesEdit {
  readonly faces: SavedFaces
  readonly isSame: boolean
  /** Ids of nodes and sources that others see in another way than only at another place. */
  readonly ids: ReadonlySet<string>
  /** What tests call these, were they left out because they are missing: `orders`, `raw.orders`. */
  readonly names: ReadonlySet<string>
  /** What properties call those that came or went: `snapshot.history`. */
  readonly described: readonly string[]
}

/** @throws FullParseNeeded for what would be a fault: two nodes of one name, or of one relation. */
export function editFaces(
  former: SavedFaces,
  plan: PartPlan,
  { nodes, sources }: { readonly nodes: readonly ParsedNode[]; readonly sources?: readonly ReferableSource[] },
): FacesEdit {
  const kept: NodeFace[] = []
  const before: NodeFace[] = []
  const paths = plan.replacedPaths
  for (const face of former.nodes) {
    const isReplaced =
      (paths.has(face.original_file_path) || face.resource_type === 'snapshot') && plan.replaced.has(unitOf(face))
    ;(isReplaced ? before : kept).push(face)
  }
  const after = nodes.filter(isReferable).map(({ node }) => faceOf(node))
  const isSameNodes = JSON.stringify(before) === JSON.stringify(after)
  const isSame = isSameNodes && (sources === undefined || JSON.stringify(sources) === JSON.stringify(former.sources))
  if (isSame) return { faces: former, isSame, ids: new Set(), names: new Set(), described: [] }
  const all = isSameNodes ? former.nodes : inOrder([...kept, ...after], plan)
  if (!isSameNodes) refuseTwins(all, new Set(after))
  const changed = differing(before, after, deepFace)
  const changedSources = differing(sources === undefined ? [] : former.sources, sources ?? [], (face) => face)
  return {
    faces: { nodes: all, sources: sources ?? former.sources },
    isSame,
    ids: new Set([...changed, ...changedSources].map(({ unique_id: id }) => id)),
    names: new Set([
      ...changed.map(({ name }) => name),
      ...changedSources.map(({ source_name: source, name }) => `${source}.${name}`),
    ]),
    described: changed.map(({ resource_type: type, name }) => `${type}.${name}`),
  }
}

function inOrder(faces: readonly NodeFace[], { order }: PartPlan): NodeFace[] {
  const placed = faces.map((face) => ({ face, place: order.place(unitOf(face)) }))
  return placed.toSorted((left, right) => left.place - right.place).map(({ face }) => face)
}

/** Where a node is built is seen by few, which are made anew whenever a face has changed. */
function deepFace(face: NodeFace): object {
  return Object.fromEntries(Object.entries(face).filter(([key]) => !placeKeys.includes(key)))
}

const placeKeys = ['database', 'schema', 'alias', 'relation_name']

/** Those of both lists that are not in the other one. */
function differing<Face extends { readonly unique_id: string }>(
  before: readonly Face[],
  after: readonly Face[],
  part: (face: Face) => object,
): Face[] {
  const keys = (faces: readonly Face[]) => new Map(faces.map((face) => [JSON.stringify(part(face)), face]))
  const [were, are] = [keys(before), keys(after)]
  return [...[...were].filter(([key]) => !are.has(key)), ...[...are].filter(([key]) => !were.has(key))].map(
    ([, face]) => face,
  )
}

function refuseTwins(faces: readonly NodeFace[], after: ReadonlySet<NodeFace>): void {
  const seen = new Map<string, NodeFace>()
  for (const face of faces) {
    if (!face.config.enabled) continue
    const { package_name: packageName, name, version, database, schema, alias } = face
    const place = `place ${database}.${schema}.${alias}`.toLowerCase()
    const keys = [`ref ${packageName}.${name}.${version ?? ''}`, ...(face.relation_name === null ? [] : [place])]
    for (const key of keys) {
      const other = seen.get(key)
      if (other !== undefined && (after.has(face) || after.has(other)))
        throw new FullParseNeeded(`${face.unique_id} and ${other.unique_id} have one name or place`)
      seen.set(key, face)
    }
  }
}
