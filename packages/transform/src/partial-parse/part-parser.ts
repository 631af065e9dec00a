import { Buffer } from 'node:buffer'
import { libraryPackages } from '../context/library-macros.ts'
import type { MacroDefinition } from '../context/macro-library.ts'
import { parseKept } from '../artifact/manifest-text.ts'
import type { MacroEntry } from '../manifest/manifest.ts'
import type { ManifestNode, SourceNode } from '../manifest/node.ts'
import { DisabledEntries, finished } from '../parse/disabled-entries.ts'
import { DocumentationSet } from '../parse/documentation.ts'
import type { DescriptionNames } from '../parse/documentation.ts'
import { NodeLinker } from '../parse/link-nodes.ts'
import { loadSources } from '../parse/load-sources.ts'
import { TestLoader } from '../parse/load-tests.ts'
import type { DraftTest } from '../parse/load-tests.ts'
import { MacroEntries } from '../parse/macro-entries.ts'
import { NodeFinisher } from '../parse/node-finisher.ts'
import { NodeIndex } from '../parse/node-index.ts'
import type { PackageFiles } from '../parse/package-files.ts'
import { parseEntries } from '../parse/parse-entries.ts'
import type { ParsedEntries } from '../parse/parse-entries.ts'
import { parseNodes, parseYamlSnapshots } from '../parse/parse-nodes.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import type { DraftNode, ParsedNode } from '../parse/parsed-node.ts'
import { fixturesOf, inferPrimaryKeys } from '../parse/project-parser.ts'
import { PropertyPatches } from '../parse/property-patches.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import { savedDocs } from './docs-edit.ts'
import { editFaces } from './faces-edit.ts'
import type { FacesEdit } from './faces-edit.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import { isKeptExactly } from './kept-exactly.ts'
import type { PartPlan } from './part-plan.ts'
import { faceOfSource, originOf, savedPatch } from './saved-index.ts'
import type { SavedFaces, SavedPatch } from './saved-index.ts'
import type { SavedParse } from './saved-parse.ts'
import { yamlSnapshots } from './unit-order.ts'

/** A part of the project: what to parse, and what was kept of the rest. */
export interface ProjectPart {
  readonly plan: PartPlan
  readonly files: readonly PackageFiles[]
  readonly saved: SavedParse
  /** Of all files, those that were loaded and what was kept of the others. */
  readonly properties: readonly ParsedProperties[]
  /** What a properties file that is still the same says of a node. */
  patchOf(origin: string): SavedPatch | undefined
  /** The tests of a node in properties files that are still the same. */
  testsOf(id: string): readonly DraftTest[]
  readonly isMacroChanged: (macro: MacroDefinition) => boolean
}

export interface ParsedPart {
  readonly edit: FacesEdit
  readonly drafts: readonly DraftTest[]
  readonly nodes: readonly ManifestNode[]
  readonly patches: ReadonlyMap<string, SavedPatch | undefined>
  readonly sources: readonly SourceNode[] | undefined
  readonly entries: ParsedEntries | undefined
  readonly macros: Readonly<Record<string, MacroEntry>> | undefined
  readonly disabled: DisabledEntries
  readonly missing: ReadonlyMap<DraftNode, readonly string[]>
  readonly asked: DescriptionNames
}

/**
 * Parses a part of a project with the same parts that parse all of it. What it refers to is looked up among the faces of
 * all nodes.
 *
 * @throws FullParseNeeded; PROJECT_INVALID for what is wrong in the files.
 */
export function parsePart(session: ParseSession, part: ProjectPart): ParsedPart {
  const { plan, saved } = part
  const nodes = parseNodes(session, plan.packages)
  if (plan.has(yamlSnapshots)) nodes.push(...parseYamlSnapshots(session, plan.loadedProperties))
  session.throwFaults()
  const origins = new Map(nodes.map((parsed) => [parsed, originOf(parsed.node)]))
  const patches = patchNodes(session, part, nodes)
  const finisher = new NodeFinisher(session, libraryPackages(session.scope.target.type))
  for (const parsed of nodes) patches.finish(parsed, finisher)
  if (!nodes.every(({ call }) => isKeptExactly(call))) throw new FullParseNeeded('a setting is no plain value')
  const tables = plan.again.sources ? loadSources(session, part.properties) : undefined
  session.throwFaults()
  const edit = editFaces(saved.faces, plan, {
    nodes,
    ...(tables === undefined ? {} : { sources: tables.map(({ node }) => faceOfSource(node)) }),
  })
  const index = indexOf(edit.faces)
  const tests = new TestLoader({ session, index, finisher })
  for (const one of plan.loadedProperties) tests.load(one)
  for (const table of tables ?? []) tests.loadTable(table)
  session.throwFaults()
  const linked = link(session, part, {
    edit,
    index,
    drafts: [...nodes.map(({ node }) => node), ...tests.nodes],
    tables: tables?.map(({ node }) => node),
  })
  const kept = nodes.map((parsed) => [origins.get(parsed)!, patches.of(parsed)] as const)
  return {
    ...linked,
    edit,
    patches: new Map(kept.map(([id, patch]) => [id, patch === undefined ? undefined : savedPatch(patch)])),
  }
}

interface PartDrafts {
  readonly edit: FacesEdit
  readonly index: NodeIndex
  readonly drafts: readonly DraftTest[]
  readonly tables: readonly SourceNode[] | undefined
}

function link(
  session: ParseSession,
  part: ProjectPart,
  { edit, index, drafts, tables }: PartDrafts,
): Omit<ParsedPart, 'edit' | 'patches'> {
  const { plan, saved, properties } = part
  const disabled = new DisabledEntries()
  const enabled = disabled.without(drafts)
  const linker = new NodeLinker(session, index)
  const isWhole = tables !== undefined || plan.again.others || plan.again.macros || !edit.isSame
  const blocks = plan.docs?.blocks ?? (isWhole || describesByBlocks(enabled) ? savedDocs(saved) : [])
  const docs = new DocumentationSet(session, blocks)
  for (const node of enabled) {
    linker.linkNode(node)
    docs.describeNode(node)
  }
  inferPrimaryKeys([...enabled, ...otherTests(part, enabled)])
  const macros = plan.again.macros ? macroEntries(session, part, docs) : undefined
  const entries =
    plan.again.others || !edit.isSame
      ? otherEntries(session, { properties, files: part.files, linker, docs, disabled, faces: edit.faces })
      : undefined
  const sources = tables === undefined ? undefined : disabled.without(tables).map((table) => docs.describeSource(table))
  refuseUnknownGroups(enabled, entries?.groups ?? savedGroups(saved))
  session.throwFaults()
  return {
    drafts: enabled,
    nodes: enabled.map(finished),
    sources,
    entries,
    macros: macros?.all,
    disabled,
    missing: linker.missing,
    asked: docs.asked,
  }
}

function otherEntries(
  session: ParseSession,
  {
    faces,
    files,
    ...options
  }: Omit<Parameters<typeof parseEntries>[1], 'fixtures' | 'models' | 'nodeOf'> & {
    readonly faces: SavedFaces
    readonly files: readonly PackageFiles[]
  },
): ParsedEntries {
  const enabled = faces.nodes.filter(({ config }) => config.enabled)
  const byId = new Map(enabled.map((face) => [face.unique_id, face]))
  return parseEntries(session, {
    ...options,
    fixtures: fixturesOf(files),
    models: enabled.filter(({ resource_type: type }) => type === 'model'),
    nodeOf: (id) => byId.get(id)!,
  })
}

function macroEntries(
  session: ParseSession,
  { properties, saved, isMacroChanged }: ProjectPart,
  docs: DocumentationSet,
): MacroEntries {
  const former = parseKept(Buffer.from(saved.text.others.macros).toString('utf8'))
  const entries = new MacroEntries(session, {
    entries: former as Readonly<Record<string, MacroEntry>>,
    isChanged: isMacroChanged,
  })
  for (const one of properties) entries.describe(one, docs)
  return entries
}

function patchNodes(session: ParseSession, part: ProjectPart, nodes: readonly ParsedNode[]): PropertyPatches {
  const patches = new PropertyPatches(session)
  const former = nodes.map((parsed) => [parsed, part.patchOf(originOf(parsed.node))] as const)
  patches.match(part.plan.loadedProperties, nodes)
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
function otherTests(part: ProjectPart, enabled: readonly DraftTest[]): DraftTest[] {
  return enabled.flatMap(({ resource_type: type, unique_id: id }) => (type === 'model' ? part.testsOf(id) : []))
}

function savedGroups({ text }: SavedParse): ReadonlyMap<string, { readonly name: string }> {
  const groups = parseKept(Buffer.from(text.others.groups).toString('utf8')) as Record<string, { name: string }>
  return new Map(Object.entries(groups))
}

function refuseUnknownGroups(
  nodes: readonly DraftNode[],
  groups: ReadonlyMap<string, { readonly name: string }>,
): void {
  const names = new Set([...groups.values()].map(({ name }) => name))
  const lost = nodes.find(({ group }) => group !== null && !names.has(group))
  if (lost !== undefined) throw new FullParseNeeded(`${lost.unique_id} is in an unknown group`)
}
