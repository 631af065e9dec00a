import { yamlContext } from '../context/base-names.ts'
import { hostFunction } from '../context/host-function.ts'
import { textOf } from '../jinja/python-text.ts'
import { OperationError, TemplateError } from '../jinja/template-error.ts'
import type { ColumnInfo, SourceNode } from '../manifest/node.ts'
import type { Documentation, Exposure } from '../manifest/manifest.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { ProjectSource } from '../project/project-files.ts'
import { belowRoot } from './file-path.ts'
import { findJinjaBlocks } from './jinja-blocks.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode } from './parsed-node.ts'
import { literally, placeInFile } from './place-in-file.ts'

/** The `{% docs %}` blocks of all packages, and the descriptions that name them. */
export class DocumentationSet {
  readonly entries = new Map<string, Documentation>()
  /** The names of blocks that descriptions ask for: of nodes, of sources, and of everything else. */
  readonly asked: DescriptionNames = { nodes: new Map(), sources: new Set(), others: new Set() }
  readonly #session: ParseSession

  /** @param known blocks of files that were read before */
  constructor(session: ParseSession, known: readonly Documentation[] = []) {
    this.#session = session
    for (const entry of known) this.entries.set(entry.unique_id, entry)
  }

  addFile(project: PackageProject, source: ProjectSource): void {
    const label = this.#session.label(project, source.path)
    for (const block of findJinjaBlocks(source.text, 'docs', label)) {
      const id = `doc.${project.name}.${block.name}`
      const contents = this.#session.environment.parse(block.text, label).render({}, { undefined: 'chainable' })
      const entry: Documentation = {
        name: block.name,
        resource_type: 'doc',
        package_name: project.name,
        path: belowRoot(source.path, docsFolders(project)),
        original_file_path: source.path,
        unique_id: id,
        block_contents: contents.trim(),
      }
      this.add(entry, label, block.position.line)
    }
  }

  add(entry: Documentation, label: string, line?: number): void {
    const other = this.entries.get(entry.unique_id)
    if (other !== undefined) {
      const message = `the docs block "${entry.name}" is also in ${other.original_file_path}; rename one of them`
      this.#session.faults.push({ file: label, ...(line === undefined ? {} : { line }), message })
    }
    this.entries.set(entry.unique_id, entry)
  }

  describeNode(node: DraftNode): void {
    const asked = new Set<string>()
    const { text, blocks } = this.#render(node.description, node, asked)
    node.description = text
    node.doc_blocks = blocks
    node.columns = this.#describeColumns(node.columns, node, asked)
    if (asked.size > 0) this.asked.nodes.set(node, asked)
  }

  describeSource(source: SourceNode): SourceNode {
    const { sources } = this.asked
    const { text, blocks } = this.#render(source.description, source, sources)
    return {
      ...source,
      description: text,
      doc_blocks: blocks,
      source_description: this.#render(source.source_description, source, sources).text,
      columns: this.#describeColumns(source.columns, source, sources),
    }
  }

  describeExposure(exposure: Exposure): Exposure {
    return { ...exposure, description: this.describe(exposure.description, exposure) }
  }

  /** A description with the docs blocks that it names put in. */
  describe(description: string, owner: Owner): string {
    return this.#render(description, owner, this.asked.others).text
  }

  #describeColumns(
    columns: Readonly<Record<string, ColumnInfo>>,
    owner: Owner,
    asked: Set<string>,
  ): Record<string, ColumnInfo> {
    return Object.fromEntries(
      Object.entries(columns).map(([name, column]) => {
        const { text, blocks } = this.#render(column.description, owner, asked)
        return [name, { ...column, description: text, doc_blocks: blocks }]
      }),
    )
  }

  #render(description: string, owner: Owner, asked: Set<string>): { readonly text: string; readonly blocks: string[] } {
    if (!/\{[{%#]/u.test(description)) return { text: description, blocks: [] }
    const scope = this.#session.scopeOf(owner.package_name)
    const blocks: string[] = []
    const doc = hostFunction('doc', (args) => {
      if (args.length > 0) asked.add(textOf(args.at(-1)))
      const found = this.#find(args.map(textOf), owner.package_name)
      blocks.push(found.unique_id)
      return found.block_contents
    })
    try {
      const template = this.#session.environment.parse(description, owner.original_file_path)
      return { text: template.render({ ...yamlContext(scope), doc }), blocks }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      const message = `the description of "${owner.name}": ${error.reason}`
      this.#session.faults.push({ ...this.#placeOf(owner, description), message })
      return { text: description, blocks: [] }
    }
  }

  /** The description stands in a properties file more often than where the node is. */
  #placeOf({ patch_path: patch, original_file_path: own, package_name: packageName }: Owner, description: string) {
    const [, patchPackage, patchFile] = /^([^:]+):\/\/(.+)$/u.exec(patch ?? '') ?? []
    const project = this.#session.projects.get(patchPackage ?? packageName)
    const file = patchFile ?? own
    if (project === undefined) return { file }
    const [start = ''] = description.split('\n')
    const place = placeInFile(project.directory, file, new RegExp(literally(start), 'u'))
    return { file: this.#session.label(project, file), ...place }
  }

  #find(args: readonly string[], packageName: string): Documentation {
    if (args.length < 1 || args.length > 2)
      throw new OperationError('runtime', `doc() takes one or two arguments (${args.length} given)`)
    const name = args.at(-1)!
    const packages =
      args.length === 2 ? [args[0]!] : [packageName, this.#session.root.name, ...this.#session.projects.keys()]
    const found = packages.map((one) => this.entries.get(`doc.${one}.${name}`)).find((entry) => entry !== undefined)
    if (found !== undefined) return found
    throw new OperationError('runtime', `there is no docs block called "${args.join('.')}"`)
  }
}

export interface DescriptionNames {
  readonly nodes: Map<DraftNode, ReadonlySet<string>>
  readonly sources: Set<string>
  readonly others: Set<string>
}

/** Who has a description: its package's docs blocks go first. */
interface Owner {
  readonly name: string
  /** The properties file that describes it, as `package://path`. */
  readonly patch_path?: string | null
  readonly package_name: string
  readonly original_file_path: string
}

/** Docs blocks stand in any .md file below these. */
export function docsFolders({ file }: PackageProject): string[] {
  return (
    file['docs-paths'] ?? [
      ...file['model-paths'],
      ...file['seed-paths'],
      ...file['snapshot-paths'],
      ...file['analysis-paths'],
      ...file['macro-paths'],
      ...file['test-paths'],
    ]
  )
}
