import path from 'node:path'
import { libraryPackages } from '../context/library-macros.ts'
import { keysNotOfSeeds } from '../manifest/node-defaults.ts'
import type { Documentation, Exposure, Group, Manifest, UnitTest, UnrunEntry } from '../manifest/manifest.ts'
import type { ManifestNode, SourceNode } from '../manifest/node.ts'
import { DocumentationSet } from './documentation.ts'
import { NodeLinker } from './link-nodes.ts'
import { SemanticLinker } from './link-semantics.ts'
import { loadExposures, loadGroups, loadUnitTests } from './load-entries.ts'
import { loadSemantics } from './load-semantics.ts'
import { loadSources } from './load-sources.ts'
import { TestLoader } from './load-tests.ts'
import type { DraftTest } from './load-tests.ts'
import { MacroEntries } from './macro-entries.ts'
import { NodeBuilder } from './node-builder.ts'
import { NodeFinisher } from './node-finisher.ts'
import { NodeIndex } from './node-index.ts'
import type { PackageFiles } from './package-files.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode, ParsedNode } from './parsed-node.ts'
import { parseNodes } from './parse-nodes.ts'
import { primaryKeyOf } from './primary-key.ts'
import { PropertyPatches } from './property-patches.ts'
import { readProperties } from './read-properties.ts'
import type { ParsedProperties } from './read-properties.ts'

/** Everything that a parse finds, by unique id. */
export interface ParsedProject {
  readonly nodes: ReadonlyMap<string, ManifestNode>
  readonly sources: ReadonlyMap<string, SourceNode>
  readonly macros: MacroEntries
  readonly docs: ReadonlyMap<string, Documentation>
  readonly exposures: ReadonlyMap<string, Exposure>
  readonly groups: ReadonlyMap<string, Group>
  readonly unitTests: ReadonlyMap<string, UnitTest>
  readonly metrics: ReadonlyMap<string, UnrunEntry>
  readonly semanticModels: ReadonlyMap<string, UnrunEntry>
  readonly savedQueries: ReadonlyMap<string, UnrunEntry>
  readonly disabled: Manifest['disabled']
  readonly trace: ParseTrace
}

/** What a later parse of a part of the project has to know of the whole. */
export interface ParseTrace {
  /** All nodes of files, disabled ones too, in the order in which references find them. */
  readonly nodes: readonly ParsedNode[]
  readonly patches: PropertyPatches
  readonly tests: readonly DraftTest[]
  readonly sources: readonly SourceNode[]
  readonly properties: readonly ParsedProperties[]
}

/**
 * Parses all packages of a project into nodes.
 *
 * @throws PROJECT_INVALID with every fault found.
 */
export function parseProject(session: ParseSession, files: readonly PackageFiles[]): ParsedProject {
  return new ProjectParser(session, files).parse()
}

type ConfiguredEntry = UnrunEntry & { readonly config: { readonly enabled?: unknown } }

class ProjectParser {
  readonly #session: ParseSession
  readonly #files: readonly PackageFiles[]
  readonly #nodes: ParsedNode[] = []
  readonly #patches: PropertyPatches
  readonly #disabled: Record<string, (ManifestNode | SourceNode | Exposure | UnitTest | UnrunEntry)[]> = {}

  constructor(session: ParseSession, files: readonly PackageFiles[]) {
    this.#session = session
    this.#files = files
    this.#patches = new PropertyPatches(session)
  }

  parse(): ParsedProject {
    const session = this.#session
    const properties = this.#files.flatMap(({ project, properties: sources }) =>
      sources.flatMap((source) => readProperties(session, project, source) ?? []),
    )
    this.#nodes.push(...parseNodes(session, this.#files))
    this.#addYamlSnapshots(properties)
    session.throwFaults()
    const finisher = new NodeFinisher(session, libraryPackages(session.scope.target.type))
    const index = this.#finishNodes(properties, finisher)
    const tables = loadSources(session, properties)
    for (const { node } of tables) index.addSource(node)
    const tests = new TestLoader({ session, index, finisher })
    for (const one of properties) tests.load(one)
    for (const table of tables) tests.loadTable(table)
    session.throwFaults()
    return this.#link({ properties, index, tests: tests.nodes, sources: tables.map(({ node }) => node) })
  }

  #addYamlSnapshots(properties: readonly ParsedProperties[]): void {
    const builder = new NodeBuilder(this.#session)
    for (const { project, source, content } of properties) {
      for (const { name, relation } of content.snapshots) {
        if (relation === undefined) continue
        const made = this.#session.attempt(() => builder.yamlSnapshot(project, source, name, relation))
        if (made !== undefined) this.#nodes.push(made)
      }
    }
  }

  #finishNodes(properties: readonly ParsedProperties[], finisher: NodeFinisher): NodeIndex {
    const session = this.#session
    const patches = this.#patches
    patches.match(properties, this.#nodes)
    const index = new NodeIndex()
    for (const parsed of this.#nodes) {
      session.attempt(() => patches.finish(parsed, finisher))
      if (isReferable(parsed)) index.add(parsed.node)
    }
    this.#refuseDuplicates()
    session.throwFaults()
    return index
  }

  #link({
    properties,
    index,
    tests,
    sources,
  }: {
    readonly properties: readonly ParsedProperties[]
    readonly index: NodeIndex
    readonly tests: readonly DraftTest[]
    readonly sources: readonly SourceNode[]
  }): ParsedProject {
    const session = this.#session
    const docs = new DocumentationSet(session)
    for (const { project, docs: texts } of this.#files)
      for (const source of texts) session.attempt(() => docs.addFile(project, source))
    const linker = new NodeLinker(session, index)
    const drafts: DraftTest[] = [...this.#nodes.map(({ node }) => node), ...tests]
    const enabled = this.#enabledOf<DraftTest>(drafts)
    for (const node of enabled) {
      linker.linkNode(node)
      docs.describeNode(node)
    }
    inferPrimaryKeys(enabled)
    this.#refuseSharedRelations(enabled)
    const exposures = this.#enabledOf(properties.flatMap((one) => loadExposures(session, one)))
    const unitTests = this.#unitTests(properties, linker, enabled)
    const macros = new MacroEntries(session)
    for (const one of properties) macros.describe(one, docs)
    const semantics = this.#semantics(properties, docs, { linker, nodes: byId(enabled) })
    const { metrics, semanticModels, savedQueries } = semantics.link()
    const parsed: ParsedProject = {
      nodes: byId(enabled.map(finished)),
      sources: byId(this.#enabledOf([...sources]).map((source) => docs.describeSource(source))),
      macros,
      docs: docs.entries,
      exposures: byId(exposures.map((one) => docs.describeExposure(semantics.linkExposure(linker.linkExposure(one))))),
      groups: byId(properties.flatMap((one) => loadGroups(session, one))),
      unitTests: byId(unitTests),
      metrics: byId(metrics),
      semanticModels: byId(semanticModels),
      savedQueries: byId(savedQueries),
      disabled: this.#disabled,
      trace: { nodes: this.#nodes, patches: this.#patches, tests, sources, properties },
    }
    this.#refuseUnknownGroups(enabled, parsed.groups)
    session.throwFaults()
    return parsed
  }

  #unitTests(properties: readonly ParsedProperties[], linker: NodeLinker, nodes: readonly DraftNode[]): UnitTest[] {
    const models = nodes.filter(({ resource_type: type }) => type === 'model')
    const fixtures = new Map(
      this.#files.flatMap(({ fixtures: sources }) =>
        sources.map((source) => [path.posix.basename(source.path), source.text] as const),
      ),
    )
    const all = properties.flatMap((one) => loadUnitTests(this.#session, one, fixtures))
    return this.#enabledOf(all).flatMap((test) => linker.linkUnitTest(test, models))
  }

  #semantics(
    properties: readonly ParsedProperties[],
    docs: DocumentationSet,
    { linker, nodes }: { readonly linker: NodeLinker; readonly nodes: ReadonlyMap<string, DraftNode> },
  ): SemanticLinker {
    const all = loadSemantics(this.#session, properties, docs)
    const enabledOf = (entries: readonly UnrunEntry[]) => this.#enabledOf(entries as readonly ConfiguredEntry[])
    const enabled = {
      metrics: enabledOf(all.metrics),
      semanticModels: enabledOf(all.semanticModels),
      savedQueries: enabledOf(all.savedQueries),
    }
    return new SemanticLinker(this.#session, enabled, (reference, packageName) => {
      const found = linker.findNode(reference, packageName)
      return 'missing' in found ? found : nodes.get(found.id)!
    })
  }

  /** The enabled ones; the others are kept aside, as dbt's manifest does. */
  #enabledOf<Entry extends { readonly unique_id: string; readonly config: { readonly enabled?: unknown } }>(
    entries: readonly Entry[],
  ): Entry[] {
    for (const entry of entries) {
      if (entry.config.enabled !== false) continue
      const kept = 'root_path' in entry || 'raw_code' in entry ? finished(entry as unknown as DraftNode) : entry
      this.#disabled[entry.unique_id] = [...(this.#disabled[entry.unique_id] ?? []), kept as unknown as ManifestNode]
    }
    return entries.filter((entry) => entry.config.enabled !== false)
  }

  #refuseDuplicates(): void {
    const first = new Map<string, ParsedNode>()
    for (const parsed of this.#nodes) {
      const { node, label } = parsed
      if (!node.config.enabled) continue
      const refable = isReferable(parsed)
      const key = refable ? `ref.${node.package_name}.${node.name}.${node.version ?? ''}` : node.unique_id
      const other = first.get(key)
      if (other === undefined) first.set(key, parsed)
      else {
        const called = `a ${other.kind} called "${node.name}" is also in ${other.label}`
        this.#session.faults.push({
          file: label,
          message: refable ? `${called}: ref('${node.name}') could mean both; rename one` : `${called}; rename one`,
        })
      }
    }
  }

  #refuseSharedRelations(nodes: readonly DraftNode[]): void {
    const owners = new Map<string, DraftNode>()
    for (const node of nodes) {
      if (node.relation_name === null || node.resource_type === 'test') continue
      const name = [node.database, node.schema, node.alias].join('.').toLowerCase()
      const other = owners.get(name)
      if (other !== undefined)
        this.#session.faults.push({
          file: node.original_file_path,
          message: `writes ${name}, and so does ${other.original_file_path}: give one of them another alias or schema`,
        })
      owners.set(name, node)
    }
  }

  #refuseUnknownGroups(nodes: readonly DraftNode[], groups: ReadonlyMap<string, Group>): void {
    const names = new Set([...groups.values()].map(({ name }) => name))
    for (const { group, original_file_path: file, name } of nodes) {
      if (group !== null && !names.has(group))
        this.#session.faults.push({
          file,
          message: `"${name}" is in the group "${group}", which no properties file has`,
        })
    }
  }
}

/** Whether `ref` can mean it. */
export function isReferable({ kind }: Pick<ParsedNode, 'kind'>): boolean {
  return kind === 'model' || kind === 'seed' || kind === 'snapshot'
}

export function inferPrimaryKeys(nodes: readonly DraftTest[]): void {
  const tests = new Map<string, DraftTest[]>()
  for (const node of nodes) {
    const attached = node.attached_node
    if (typeof attached === 'string') tests.set(attached, [...(tests.get(attached) ?? []), node])
  }
  for (const node of nodes) {
    if (node.resource_type === 'model')
      node.primary_key = primaryKeyOf(node, tests.get(node.unique_id) ?? []).toSorted()
  }
}

/** The node as the manifest has it: a seed without the keys of what has code. */
export function finished(node: DraftNode): ManifestNode {
  if (node.resource_type !== 'seed') return node as unknown as ManifestNode
  const { root_path: rootPath, depends_on: dependsOn, ...rest } = node
  const without = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !(keysNotOfSeeds as readonly string[]).includes(key)),
  )
  return { ...without, root_path: rootPath, depends_on: { macros: dependsOn.macros } } as unknown as ManifestNode
}

function byId<Entry extends { readonly unique_id: string }>(entries: readonly Entry[]): Map<string, Entry> {
  return new Map(entries.map((entry) => [entry.unique_id, entry]))
}
