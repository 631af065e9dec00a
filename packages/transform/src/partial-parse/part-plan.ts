import type { FileKind, PackageFiles } from '../parse/package-files.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import { readProperties } from '../parse/read-properties.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import type { ProjectFile } from '../project/project-files.ts'
import { editDocs } from './docs-edit.ts'
import type { DocsEdit } from './docs-edit.ts'
import type { FileChanges } from './file-check.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import { isKeptExactly } from './kept-exactly.ts'
import { isReached } from './macro-changes.ts'
import { noProperties, propertiesFacts } from './saved-index.ts'
import type { PropertiesFacts, SavedPatch } from './saved-index.ts'
import type { SavedParse } from './saved-parse.ts'
import { UnitOrder, fileUnit, hooksUnit, nodeKinds, sourceTests, unitOf, yamlSnapshots } from './unit-order.ts'

export interface PlanFacts {
  readonly saved: SavedParse
  readonly files: readonly PackageFiles[]
  readonly changes: FileChanges
  /** The names by which changed macros can be reached; undefined when none has changed. */
  readonly reached: ReadonlySet<string> | undefined
  /** Reads properties files. */
  readonly session: ParseSession
}

/** Above this share of a project's files little is won. */
const shareMax = 0.5

/** In a small project everything may be concerned. */
const countMin = 20

const types: Partial<Record<FileKind, string>> = { models: 'model', seeds: 'seed', analyses: 'analysis', tests: 'test' }

/**
 * What has to be parsed again after a change. It grows until nothing is left outside that the change can reach: a file
 * whose properties have changed, a node that calls a changed macro or whose description names a changed docs block, …
 */
export class PartPlan {
  readonly order: UnitOrder
  readonly formerOrder: UnitOrder
  /** What of the former order is made again, or is gone. */
  readonly replaced = new Set<string>()
  /** By `package:path`, the properties files to load. */
  readonly properties = new Map<string, ParsedProperties>()
  /** What is made again as a whole: all sources with their tests; what is neither a node nor a source; macros' entries. */
  readonly again = { sources: false, others: false, macros: false }
  /** Undefined where no docs block has changed. */
  docs: DocsEdit | undefined
  readonly #facts: PlanFacts
  readonly #chosen = new Set<string>()
  readonly #filesOf = new Map<string, ReadonlyMap<string, ProjectFile>>()
  readonly #patchPaths = new Set<string>()

  /** @throws FullParseNeeded when a change reaches everything, or nearly. */
  constructor(facts: PlanFacts) {
    this.#facts = facts
    const { saved, files, changes } = facts
    const { added, changed, deleted } = changes
    this.order = UnitOrder.ofFiles(files)
    this.formerOrder = added.length + deleted.length > 0 ? UnitOrder.ofSaved(saved.inputs.files) : this.order
    for (const { kind, packageName, file } of [...changed, ...added]) this.#chooseFile(kind, packageName, file.path)
    for (const { kind, packageName, path: file } of deleted) this.#forget(kind, packageName, file)
    const touched = [...added.map(({ kind, file }) => ({ kind, path: file.path })), ...deleted]
    this.chooseDescribing(touched.flatMap(({ kind, path: file }) => nameOfFile(kind, file)))
    if ([...changed, ...added, ...deleted].some(({ kind }) => kind === 'docs')) this.#chooseDocs()
    if (facts.reached !== undefined) this.#chooseReached(facts.reached)
  }

  /** How much was chosen: whether there is more than before. */
  get size(): number {
    const { sources, others } = this.again
    return this.#chosen.size + Number(sources) + Number(others)
  }

  /** The paths of replaced files, whatever package they are of. */
  get replacedPaths(): ReadonlySet<string> {
    return new Set([...this.replaced].map((unit) => partsOf(unit)[2]))
  }

  has(unit: string): boolean {
    return this.#chosen.has(unit)
  }

  /** The files to parse, by package. */
  get packages(): PackageFiles[] {
    return this.#facts.files.map((files) => {
      const { name } = files.project
      const chosen = nodeKinds.map((kind) => [
        kind,
        files[kind].filter((file) => this.#chosen.has(fileUnit(kind, name, file.path))),
      ])
      const projectText = this.#chosen.has(hooksUnit(name)) ? files.projectText : undefined
      return { ...files, ...Object.fromEntries(chosen), projectText } as PackageFiles
    })
  }

  /** The loaded properties files in their order. */
  get loadedProperties(): ParsedProperties[] {
    return this.#facts.files.flatMap(({ project, properties }) =>
      properties.flatMap((file) => this.properties.get(`${project.name}:${file.path}`) ?? []),
    )
  }

  /** Whether the properties file that says something of a node is read again, or is gone. */
  describes({ filePath }: Pick<SavedPatch, 'filePath'>): boolean {
    return this.#patchPaths.has(filePath)
  }

  /** What was done with which file, in dbt's words. */
  report({ added, deleted }: FileChanges): string[] {
    const addedUnits = new Set(added.map(({ kind, packageName, file }) => fileUnit(kind, packageName, file.path)))
    const updated = [...this.#chosen].filter((unit) => !addedUnits.has(unit)).map((unit) => partsOf(unit)[2])
    const lines = {
      'added file': added.map(({ file }) => file.path),
      'deleted file': deleted.map(({ path: file }) => file),
      'updated file': updated.filter((file) => file !== ''),
    }
    return Object.entries(lines).flatMap(([done, files]) => files.map((file) => `Partial parsing: ${done}: ${file}`))
  }

  /** Chooses what the rows of the former manifest are made of. */
  chooseRows(rows: Iterable<number>): void {
    const { units } = this.#facts.saved.rows
    for (const row of rows) this.choose(this.formerOrder.units[units[row]!]!)
  }

  choose(unit: string): void {
    if (this.#chosen.has(unit) || (this.order.place(unit) === -1 && this.replaced.has(unit))) return
    if (this.order.place(unit) === -1) throw new FullParseNeeded(`${unit} is not there any more`)
    this.#chosen.add(unit)
    this.replaced.add(unit)
    if (unit === sourceTests) this.again.sources = true
    else if (unit === yamlSnapshots) this.#loadYamlSnapshots()
    else {
      const [kind, packageName, file] = partsOf(unit)
      if (kind === 'properties') this.#load(packageName, file)
    }
    const count = this.order.units.length
    if (count > countMin && this.#chosen.size > count * shareMax) throw new FullParseNeeded('most files are concerned')
  }

  /** Makes sources anew, with their tests. */
  chooseSources(): void {
    this.again.sources = true
    this.choose(sourceTests)
  }

  /** Chooses the properties files that describe nodes of these names, as `model.orders`. */
  chooseDescribing(names: Iterable<string>): void {
    const wanted = new Set(names)
    if (wanted.size === 0) return
    for (const [key, { described }] of Object.entries(this.#facts.saved.properties))
      if (described.some((name) => wanted.has(name))) this.#chooseProperties(key)
    const loaded = [...this.properties.values()].flatMap((one) => propertiesFacts(one).described)
    this.#chooseDescribed(loaded.filter((name) => wanted.has(name)))
  }

  #chooseFile(kind: FileKind, packageName: string, file: string): void {
    if (kind === 'fixtures') this.again.others = true
    else if (kind !== 'docs') this.choose(fileUnit(kind, packageName, file))
  }

  #forget(kind: FileKind, packageName: string, file: string): void {
    if (kind === 'fixtures') this.again.others = true
    else if (kind !== 'docs') this.replaced.add(fileUnit(kind, packageName, file))
    if (kind !== 'properties') return
    const { saved, session } = this.#facts
    this.#patchPaths.add(session.label(session.projects.get(packageName)!, file))
    const former = saved.properties[`${packageName}:${file}`] ?? noProperties
    this.#chooseDifference(former, noProperties)
  }

  #chooseProperties(key: string): void {
    const unit = fileUnit('properties', ...splitOnce(key, ':'))
    if (this.order.place(unit) !== -1) this.choose(unit)
  }

  #load(packageName: string, file: string): void {
    const { saved, session } = this.#facts
    const source = this.#fileOf('properties', packageName, file)
    const parsed = readProperties(session, session.projects.get(packageName)!, source)
    if (parsed === undefined) throw new FullParseNeeded(`${file} cannot be read`)
    if (!isKeptExactly(parsed.content)) throw new FullParseNeeded(`a setting in ${file} is no plain value`)
    const key = `${packageName}:${file}`
    this.properties.set(key, parsed)
    this.#patchPaths.add(parsed.file.path)
    this.#chooseDifference(saved.properties[key] ?? noProperties, propertiesFacts(parsed))
  }

  #chooseDifference(before: PropertiesFacts, after: PropertiesFacts): void {
    if (before.hasYamlSnapshots || after.hasYamlSnapshots) this.choose(yamlSnapshots)
    if (before.sources !== after.sources) this.chooseSources()
    if (before.macros !== after.macros) this.again.macros = true
    if (before.others !== after.others) this.again.others = true
    this.#chooseDescribed([...before.described, ...after.described])
  }

  /** All of them stand together, and so are made together. */
  #loadYamlSnapshots(): void {
    for (const [key, { hasYamlSnapshots: has }] of Object.entries(this.#facts.saved.properties))
      if (has) this.#chooseProperties(key)
  }

  /** Chooses what is described under these names, as `model.orders`. */
  #chooseDescribed(names: readonly string[]): void {
    const wanted = new Map<string, Set<string>>()
    for (const name of names) {
      const [type, own] = splitOnce(name, '.')
      const all = wanted.get(own) ?? new Set<string>()
      wanted.set(own, all)
      // A test is attached to what has the name, whatever the section that declares it calls it.
      for (const one of referable.includes(type) ? referable : [type]) all.add(one)
    }
    if (wanted.size === 0) return
    const { files, saved } = this.#facts
    for (const one of files)
      for (const kind of nodeKinds)
        for (const { path: file } of one[kind])
          if (wanted.get(stemOf(file))?.has(types[kind] ?? '') === true)
            this.choose(fileUnit(kind, one.project.name, file))
    for (const face of saved.faces.nodes) {
      if (wanted.get(face.name)?.has(face.resource_type) !== true) continue
      const unit = unitOf(face)
      if (this.order.place(unit) !== -1) this.choose(unit)
    }
  }

  #fileOf(kind: FileKind, packageName: string, file: string): ProjectFile {
    const key = `${kind}:${packageName}`
    let files = this.#filesOf.get(key)
    if (files === undefined) {
      const all = this.#facts.files.find(({ project }) => project.name === packageName)?.[kind] ?? []
      files = new Map(all.map((one) => [one.path, one]))
      this.#filesOf.set(key, files)
    }
    return files.get(file)!
  }

  #chooseReached(reached: ReadonlySet<string>): void {
    const { rows, uses } = this.#facts.saved
    this.again.macros = true
    const concerned = uses.names.map((names) => names !== '' && isReached(names.split(' '), reached))
    this.chooseRows(rowsWith(rows.names, concerned))
    for (const [unit, names] of uses.disabled) if (isReached(names, reached)) this.choose(unit)
  }

  #chooseDocs(): void {
    const { rows, uses } = this.#facts.saved
    this.docs = editDocs(this.#facts)
    const { changed: names } = this.docs
    const concerns = (list: readonly string[]) => list.some((name) => names.has(name))
    if (concerns(uses.docsOfSources)) this.chooseSources()
    if (concerns(uses.docsOfOthers)) {
      this.again.others = true
      this.again.macros = true
    }
    const concerned = uses.docs.map((list) => list !== '' && concerns(list.split(' ')))
    this.chooseRows(rowsWith(rows.docs, concerned))
  }
}

function stemOf(file: string): string {
  const end = file.lastIndexOf('.')
  return file.slice(file.lastIndexOf('/') + 1, end === -1 ? undefined : end)
}

const referable: readonly string[] = ['model', 'seed', 'snapshot']

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + 1)]
}

function partsOf(unit: string): [kind: string, packageName: string, file: string] {
  const first = unit.indexOf(':')
  const second = unit.indexOf(':', first + 1)
  if (second === -1) return [unit, '', '']
  return [unit.slice(0, first), unit.slice(first + 1, second), unit.slice(second + 1)]
}

/** What properties call the node of a file; snapshots have the names of their blocks. */
function nameOfFile(kind: FileKind, file: string): string[] {
  const type = types[kind]
  return type === undefined ? [] : [`${type}.${stemOf(file)}`]
}

function rowsWith(column: Int32Array, concerned: readonly boolean[]): number[] {
  const found: number[] = []
  if (concerned.some(Boolean)) for (const [row, place] of column.entries()) if (concerned[place]!) found.push(row)
  return found
}
