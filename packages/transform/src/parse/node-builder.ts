import path from 'node:path'
import { strippedText } from '../manifest/stripped-text.ts'
import { checksumOf, nodeDefaults } from '../manifest/node-defaults.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { ProjectFile, ProjectSource } from '../project/project-files.ts'
import { belowRoot, fqnOf } from './file-path.ts'
import { findJinjaBlocks } from './jinja-blocks.ts'
import { parseTemplate, referenceArguments } from './parse-template.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode, ParsedNode } from './parsed-node.ts'
import { readStatically } from './static-template.ts'

interface NodeText {
  readonly kind: ParsedNode['kind']
  readonly project: PackageProject
  readonly source: ProjectSource
  readonly name: string
  readonly path: string
  readonly fqn: readonly string[]
  readonly text: string
  /** Line breaks before the text in its file, so that faults name the file's own line. */
  readonly line?: number
  readonly tags?: readonly string[]
  readonly index?: number
}

/** dbt's limit. */
export const seedBytesMax = 1024 * 1024

/** Makes nodes of files: each is rendered once for what it says of itself. */
export class NodeBuilder {
  readonly #session: ParseSession

  constructor(session: ParseSession) {
    this.#session = session
  }

  model(project: PackageProject, source: ProjectSource): ParsedNode {
    const below = belowRoot(source.path, project.file['model-paths'])
    return this.#ofFile('model', project, source, below)
  }

  singularTest(project: PackageProject, source: ProjectSource): ParsedNode {
    return this.#ofFile('test', project, source, belowRoot(source.path, project.file['test-paths']))
  }

  analysis(project: PackageProject, source: ProjectSource): ParsedNode {
    const below = belowRoot(source.path, project.file['analysis-paths'])
    return this.#ofFile('analysis', project, source, `analysis/${below}`)
  }

  /** One beyond dbt's limit is known by its path alone, and not read. */
  seed(project: PackageProject, file: ProjectFile): ParsedNode {
    const isTooLarge = file.facts.bytes > seedBytesMax
    const source = isTooLarge ? { path: file.path, text: '' } : file
    const name = path.posix.basename(source.path, '.csv')
    const below = belowRoot(source.path, project.file['seed-paths'])
    const facts = { kind: 'seed', project, source, name, path: below, fqn: fqnOf(project.name, below, name) } as const
    const node = this.#draft({ ...facts, text: '' })
    node.root_path = project.directory
    if (isTooLarge) node.checksum = { name: 'path', checksum: source.path }
    return {
      kind: 'seed',
      project,
      node,
      call: {},
      parsed: undefined,
      label: this.#session.label(project, source.path),
    }
  }

  /** One file may hold many; dbt's name of a snapshot includes that of its file. */
  snapshots(project: PackageProject, source: ProjectSource): ParsedNode[] {
    const below = belowRoot(source.path, project.file['snapshot-paths'])
    const file = path.posix.basename(source.path, '.sql')
    return findJinjaBlocks(source.text, 'snapshot', this.#session.label(project, source.path)).map((block) =>
      this.#parse({
        kind: 'snapshot',
        project,
        source,
        name: block.name,
        path: below,
        fqn: fqnOf(project.name, below, file, block.name),
        text: block.text,
        line: block.position.line - 1,
      }),
    )
  }

  /** A snapshot that stands in a properties file: all rows of a relation. */
  yamlSnapshot(project: PackageProject, source: ProjectSource, name: string, relation: string): ParsedNode {
    const below = belowRoot(source.path, project.file['snapshot-paths'])
    return this.#parse({
      kind: 'snapshot',
      project,
      source,
      name,
      path: `${below}/${name}.sql`,
      fqn: fqnOf(project.name, below, name),
      text: `select * from {{ ${relation} }}`,
    })
  }

  /** The statements of on-run-start and on-run-end. */
  hooks(project: PackageProject, projectText: string): ParsedNode[] {
    const source = { path: './dbt_project.yml', text: projectText }
    return (['on-run-start', 'on-run-end'] as const).flatMap((type) =>
      project.file[type].map((text, index) => {
        const name = `${project.name}-${type}-${index}`
        const file = `hooks/${name}.sql`
        const fqn = [project.name, 'hooks', name]
        return this.#parse({ kind: 'operation', project, source, name, path: file, fqn, text, tags: [type], index })
      }),
    )
  }

  #ofFile(kind: ParsedNode['kind'], project: PackageProject, source: ProjectSource, below: string): ParsedNode {
    const name = path.posix.basename(source.path, '.sql')
    const fqn = fqnOf(project.name, below, name)
    return this.#parse({ kind, project, source, name, path: below, fqn, text: strippedText(source.text) })
  }

  #parse(text: NodeText): ParsedNode {
    const { kind, project } = text
    const { templates, configs } = this.#session
    const node = this.#draft(text)
    // dbt shows templates the settings that are known before the node has said anything.
    const label = this.#session.label(project, text.source.path)
    const template = templates.parse(`${'\n'.repeat(text.line ?? 0)}${text.text}`, label)
    const scope = this.#session.scopeOf(project.name)
    const parsed =
      readStatically(template, scope.macros, project.name) ??
      parseTemplate({
        scope,
        packageName: project.name,
        templates: [template],
        config: configs.build({ kind, packageName: project.name, fqn: text.fqn }),
        model: node,
      })
    node.refs = parsed.refs.map(referenceArguments)
    node.sources = parsed.sources.map((one) => [one.sourceName, one.tableName] as const)
    node.depends_on = { macros: [...parsed.macros], nodes: [] }
    this.#session.noteNames(node, parsed.names)
    return { kind, project, node, call: parsed.config, parsed, label }
  }

  #draft({ kind, project, source, name, path: below, fqn, text, tags = [], index }: NodeText): DraftNode {
    const { database, schema } = this.#session.scope.target
    return {
      ...nodeDefaults(kind, {
        database,
        schema,
        name,
        package_name: project.name,
        path: below,
        original_file_path: source.path,
        unique_id: `${kind}.${project.name}.${name}`,
        fqn,
        checksum: checksumOf(source.text),
        raw_code: text,
        tags,
      }),
      ...(index === undefined ? {} : { index }),
    }
  }
}
