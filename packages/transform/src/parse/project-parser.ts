import path from 'node:path'
import { libraryPackages } from '../context/library-macros.ts'
import type { Documentation, Group, Manifest } from '../manifest/manifest.ts'
import type { ManifestNode, SourceNode } from '../manifest/node.ts'
import { DisabledEntries, disabledById, finished } from './disabled-entries.ts'
import { DocumentationSet } from './documentation.ts'
import type { DescriptionNames } from './documentation.ts'
import { NodeLinker } from './link-nodes.ts'
import type { FixtureFiles } from './load-entries.ts'
import { loadSources } from './load-sources.ts'
import { TestLoader } from './load-tests.ts'
import type { DraftTest } from './load-tests.ts'
import { MacroEntries } from './macro-entries.ts'
import { NodeFinisher } from './node-finisher.ts'
import { NodeIndex } from './node-index.ts'
import type { PackageFiles } from './package-files.ts'
import { byId, parseEntries } from './parse-entries.ts'
import type { ParsedEntries } from './parse-entries.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode, ParsedNode } from './parsed-node.ts'
import { parseNodes, parseYamlSnapshots } from './parse-nodes.ts'
import { primaryKeyOf } from './primary-key.ts'
import { PropertyPatches } from './property-patches.ts'
import { readProperties } from './read-properties.ts'
import type { ParsedProperties } from './read-properties.ts'

/** Everything that a parse finds, by unique id. */
export interface ParsedProject extends ParsedEntries {
  readonly nodes: ReadonlyMap<string, ManifestNode>
  readonly sources: ReadonlyMap<string, SourceNode>
  readonly macros: MacroEntries
  readonly docs: ReadonlyMap<string, Documentation>
  readonly disabled: Manifest['disabled']
  readonly trace: ParseTrace
}

/** What a later parse of a part of the project has to know of the whole. */
export interface ParseTrace {
  /** All nodes of files, disabled ones too, in the order in which references find them. */
  readonly nodes: readonly ParsedNode[]
  readonly patches: PropertyPatches
  /** The enabled ones, with tests, in the order of the manifest. */
  readonly drafts: readonly DraftTest[]
  readonly sources: readonly SourceNode[]
  readonly properties: readonly ParsedProperties[]
  readonly disabled: DisabledEntries
  /** What templates look up, by node. */
  readonly names: ReadonlyMap<DraftNode, readonly string[]>
  /** What tests that are left out refer to. */
  readonly missing: ReadonlyMap<DraftNode, readonly string[]>
  /** The docs blocks that descriptions ask for. */
  readonly asked: DescriptionNames
}

/**
 * Parses all packages of a project into nodes.
 *
 * @throws PROJECT_INVALID with every fault found.
 */
export function parseProject(session: ParseSession, files: readonly PackageFiles[]): ParsedProject {
  return new ProjectParser(session, files).parse()
}

class ProjectParser {
  readonly #session: ParseSession
  readonly #files: readonly PackageFiles[]
  readonly #nodes: ParsedNode[] = []
  readonly #patches: PropertyPatches

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
    this.#nodes.push(...parseYamlSnapshots(session, properties))
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
    const disabled = new DisabledEntries()
    const enabled = disabled.without<DraftTest>([...this.#nodes.map(({ node }) => node), ...tests])
    for (const node of enabled) {
      linker.linkNode(node)
      docs.describeNode(node)
    }
    inferPrimaryKeys(enabled)
    this.#refuseSharedRelations(enabled)
    const macros = new MacroEntries(session)
    for (const one of properties) macros.describe(one, docs)
    const nodes = byId(enabled)
    const entries = parseEntries(session, {
      properties,
      fixtures: fixturesOf(this.#files),
      linker,
      docs,
      disabled,
      models: enabled.filter(({ resource_type: type }) => type === 'model'),
      nodeOf: (id) => nodes.get(id)!,
    })
    const enabledSources = disabled.without([...sources]).map((source) => docs.describeSource(source))
    const { asked } = docs
    const parsed: ParsedProject = {
      ...entries,
      nodes: byId(enabled.map(finished)),
      sources: byId(enabledSources),
      macros,
      docs: docs.entries,
      disabled: disabledById(disabled.entries),
      trace: {
        nodes: this.#nodes,
        patches: this.#patches,
        drafts: enabled,
        sources,
        properties,
        disabled,
        names: session.names,
        missing: linker.missing,
        asked,
      },
    }
    this.#refuseUnknownGroups(enabled, parsed.groups)
    session.throwFaults()
    return parsed
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

/** Texts of fixtures by the names of their files; each is read when a unit test asks for it. */
export function fixturesOf(files: readonly PackageFiles[]): FixtureFiles {
  const all = new Map(files.flatMap(({ fixtures }) => fixtures.map((one) => [path.posix.basename(one.path), one])))
  return { get: (name) => all.get(name)?.text }
}
