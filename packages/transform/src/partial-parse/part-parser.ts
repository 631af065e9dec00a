import { libraryPackages } from '../context/library-macros.ts'
import type { Documentation } from '../manifest/manifest.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { DocumentationSet } from '../parse/documentation.ts'
import { NodeLinker } from '../parse/link-nodes.ts'
import { TestLoader } from '../parse/load-tests.ts'
import type { DraftTest } from '../parse/load-tests.ts'
import { NodeFinisher } from '../parse/node-finisher.ts'
import { NodeIndex } from '../parse/node-index.ts'
import type { PackageFiles } from '../parse/package-files.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import type { ParsedNode } from '../parse/parsed-node.ts'
import { parseNodes } from '../parse/parse-nodes.ts'
import { finished, inferPrimaryKeys, isReferable } from '../parse/project-parser.ts'
import { PropertyPatches } from '../parse/property-patches.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import { isKeptExactly } from './kept-exactly.ts'
import { faceOf, originOf, savedPatch } from './saved-index.ts'
import type { SavedFaces, SavedPatch } from './saved-index.ts'

/** A part of the project: the files to parse, and what was kept of the rest. */
export interface ProjectPart {
  readonly files: readonly PackageFiles[]
  /** Those that are not as they were. */
  readonly properties: readonly ParsedProperties[]
  readonly faces: SavedFaces
  /** What a properties file that is still the same says of a node. */
  patchOf(origin: string): SavedPatch | undefined
  /** The tests of a node in properties files that are still the same. */
  testsOf(id: string): readonly DraftTest[]
  documentation(): readonly Documentation[]
}

export interface ParsedPart {
  readonly drafts: readonly DraftTest[]
  readonly nodes: readonly ManifestNode[]
  readonly patches: ReadonlyMap<string, SavedPatch | undefined>
}

/** Tells that an earlier parse cannot be built on, and why. Never leaves partial parsing. */
export class FullParseNeeded extends Error {}

/**
 * Parses some files of a project with the same parts that parse all of it. What the files refer to is looked up among
 * the faces of all nodes; when a face has changed, other files may mean something else, and everything is parsed.
 *
 * @throws FullParseNeeded; PROJECT_INVALID for what is wrong in the files.
 */
export function parsePart(session: ParseSession, part: ProjectPart): ParsedPart {
  const nodes = parseNodes(session, part.files)
  session.throwFaults()
  const origins = new Map(nodes.map((parsed) => [parsed, originOf(parsed.node)]))
  const patches = patchNodes(session, part, nodes)
  const finisher = new NodeFinisher(session, libraryPackages(session.scope.target.type))
  for (const parsed of nodes) patches.finish(parsed, finisher)
  if (!nodes.every(({ call }) => isKeptExactly(call))) throw new FullParseNeeded('a setting is no plain value')
  requireFaces(nodes, part.faces)
  const index = indexOf(part.faces)
  const tests = new TestLoader({ session, index, finisher })
  for (const one of part.properties) tests.load(one)
  const drafts: DraftTest[] = [...nodes.map(({ node }) => node), ...tests.nodes]
  const off = drafts.find(({ config }) => !config.enabled)
  if (off !== undefined) throw new FullParseNeeded(`${off.unique_id} is switched off`)
  const linker = new NodeLinker(session, index)
  const docs = new DocumentationSet(session, describesByBlocks(drafts) ? part.documentation() : [])
  for (const node of drafts) {
    linker.linkNode(node)
    docs.describeNode(node)
  }
  inferPrimaryKeys([...drafts, ...otherTests(part, nodes, tests.nodes)])
  session.throwFaults()
  const kept = nodes.map((parsed) => [origins.get(parsed)!, patches.of(parsed)] as const)
  return {
    drafts,
    nodes: drafts.map(finished),
    patches: new Map(kept.map(([id, patch]) => [id, patch === undefined ? undefined : savedPatch(patch)])),
  }
}

function patchNodes(session: ParseSession, part: ProjectPart, nodes: readonly ParsedNode[]): PropertyPatches {
  const patches = new PropertyPatches(session)
  const former = nodes.map((parsed) => [parsed, part.patchOf(originOf(parsed.node))] as const)
  patches.match(part.properties, nodes)
  for (const [parsed, patch] of former) {
    if (patch === undefined) continue
    if (patches.of(parsed) !== undefined) throw new FullParseNeeded(`two files describe ${parsed.node.unique_id}`)
    const { filePath, ...rest } = patch
    const place = () => {
      throw new FullParseNeeded(`${filePath} has a fault`)
    }
    patches.restore(parsed, { ...rest, file: { path: filePath, place } })
  }
  return patches
}

function requireFaces(nodes: readonly ParsedNode[], faces: SavedFaces): void {
  const known = new Map(faces.nodes.map((face) => [face.unique_id, face]))
  for (const parsed of nodes.filter(isReferable)) {
    const { node } = parsed
    const former = known.get(node.unique_id)
    if (former === undefined || JSON.stringify(former) !== JSON.stringify(faceOf(node)))
      throw new FullParseNeeded(`others see ${node.unique_id} in another way`)
  }
}

function indexOf(faces: SavedFaces): NodeIndex {
  const index = new NodeIndex()
  for (const face of faces.nodes) index.add(face)
  for (const source of faces.sources) index.addSource(source)
  return index
}

function describesByBlocks(drafts: readonly DraftTest[]): boolean {
  return drafts.some(({ description, columns }) =>
    [description, ...Object.values(columns).map((column) => column.description)].some((text) => /\{[{%#]/u.test(text)),
  )
}

/** The tests of the nodes that stand in files which are not parsed. */
function otherTests(part: ProjectPart, nodes: readonly ParsedNode[], tests: readonly DraftTest[]): DraftTest[] {
  const attached = new Set(tests.map(({ attached_node: id }) => id))
  return nodes.flatMap(({ node }) => {
    const others = part.testsOf(node.unique_id)
    if (others.length > 0 && attached.has(node.unique_id))
      throw new FullParseNeeded(`tests of ${node.unique_id} stand in several files`)
    return others
  })
}
