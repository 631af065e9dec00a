import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { Log } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import { GenericTestLoader } from './parse/load-tests.ts'
import { Graph } from './manifest/graph.ts'
import { createProjectEnvironment } from './context/macro-library.ts'
import { yamlContext } from './context/base-names.ts'
import type { ProjectScope, Target } from './context/scope.ts'
import { NodeIndex } from './parse/node-index.ts'
import { parseTemplate } from './parse/parse-template.ts'
import { renderYaml } from './project/render-yaml.ts'
import type { ParsedTemplate } from './parse/parse-template.ts'
import { resolveNodeNames } from './parse/node-names.ts'
import type { Environment, Template } from './jinja/environment.ts'
import { configsForNode, mergeConfig, modelConfigDefault } from './manifest/node-config.ts'
import type { NodeConfig } from './manifest/node-config.ts'
import { checksumOf, modelDefaults, nodeDefaults, sourceDefaults } from './manifest/node-defaults.ts'
import { relationOf } from './manifest/node.ts'
import type { ModelNode, ProjectNode, SourceNode } from './manifest/node.ts'
import { TemplateStore } from './parse/template-store.ts'
import { projectInvalid } from './project/project-fault.ts'
import type { ProjectFault } from './project/project-fault.ts'
import { readInstalledPackages, readRootProject } from './project/package-project.ts'
import type { ProjectFile } from './project/project-file.ts'
import { readProjectFiles } from './project/project-files.ts'
import type { ProjectSource } from './project/project-files.ts'
import { propertiesFileSchema } from './project/properties-file.ts'
import type { ModelProperties, SourceProperties } from './project/properties-file.ts'
import { readMacros } from './parse/read-macros.ts'
import { YamlFile } from './project/yaml-file.ts'

export interface LoadProjectOptions {
  /** Folder with dbt_project.yml. */
  readonly directory: string
  readonly target: Target
  readonly dialect: Dialect
  /** Go before the project's own `vars`. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** What `env_var` sees. Default: the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/** A loaded project: every node parsed, its references resolved. Immutable; any number of runs may share it. */
export interface LoadedProject {
  readonly name: string
  readonly directory: string
  readonly targetPath: string
  /** Nodes and sources by unique id. */
  readonly nodes: ReadonlyMap<string, ProjectNode>
  readonly templates: TemplateStore
  readonly graph: Graph
  readonly scope: ProjectScope
  readonly environment: Environment
}

/**
 * Reads and parses a dbt project: no query is sent and nothing is written.
 *
 * @throws PROJECT_INVALID with every fault found in its files, with file, line and column.
 * @throws MODEL_CYCLE when models depend on each other in a circle.
 */
export async function loadProject(options: LoadProjectOptions): Promise<LoadedProject> {
  const environment = createProjectEnvironment()
  const given = {
    target: options.target,
    vars: options.vars ?? {},
    environment: options.environment ?? process.env,
  }
  const reading = { environment, context: yamlContext(given) }
  const root = await readRootProject(options.directory, reading)
  const packages = await readInstalledPackages(root, reading)
  const { file } = root
  const scope: ProjectScope = {
    projectName: file.name,
    target: options.target,
    dialect: options.dialect,
    vars: { ...projectVars(file), ...options.vars },
    environment: given.environment,
    macros: await readMacros({ environment, root, packages, adapterType: options.target.type }),
    log: options.log,
    invocationId: randomUUID(),
    runStartedAt: new Date().toISOString(),
  }
  const templates = new TemplateStore(environment)
  const nodes = await new ProjectLoader({ directory: options.directory, file, environment, scope, templates }).load()
  return {
    name: file.name,
    directory: options.directory,
    targetPath: file['target-path'],
    nodes,
    templates,
    graph: new Graph(nodes),
    scope,
    environment,
  }
}

/** Project-wide vars, with those under the project's own name before them. */
function projectVars({ name, vars }: ProjectFile): Record<string, unknown> {
  const own = vars[name]
  return { ...vars, ...(typeof own === 'object' && own !== null ? own : {}) }
}

interface DescribedModel {
  readonly file: YamlFile
  readonly index: number
  readonly properties: ModelProperties
}

interface ParsedModel {
  readonly source: ProjectSource
  readonly name: string
  readonly fqn: readonly string[]
  readonly template: Template
  readonly config: NodeConfig
  readonly parsed: ParsedTemplate
  readonly described: DescribedModel | undefined
}

interface ProjectLoaderOptions {
  readonly directory: string
  readonly file: ProjectFile
  readonly environment: Environment
  readonly scope: ProjectScope
  readonly templates: TemplateStore
}

class ProjectLoader {
  readonly #directory: string
  readonly #file: ProjectFile
  readonly #environment: Environment
  readonly #scope: ProjectScope
  readonly #templates: TemplateStore
  readonly #faults: ProjectFault[] = []

  constructor({ directory, file, environment, scope, templates }: ProjectLoaderOptions) {
    this.#directory = directory
    this.#file = file
    this.#environment = environment
    this.#scope = scope
    this.#templates = templates
  }

  async load(): Promise<Map<string, ProjectNode>> {
    const properties = await this.#readProperties()
    const modelFiles = await readProjectFiles(this.#directory, this.#file['model-paths'], ['.sql'])
    const testFiles = await readProjectFiles(this.#directory, this.#file['test-paths'], ['.sql'])
    const described = this.#describedModels(properties)
    const parsed = modelFiles.flatMap((file) => this.#attempt(() => this.#parseModel(file, described)))
    this.#refuseDuplicates(parsed)
    this.#refuseUnknownDescriptions(described, parsed)
    this.#throwFaults()

    const index = new NodeIndex(this.#scope.projectName, [...this.#sources(properties)])
    for (const model of parsed) if (model.config.enabled) index.add(this.#modelNode(model))
    const nodes = this.#linkModels(parsed, index)
    const tests = new GenericTestLoader({
      scope: this.#scope,
      environment: this.#environment,
      templates: this.#templates,
      index,
      projectFile: this.#file,
    })
    for (const { file, content } of properties) {
      tests.load(file, content, this.#faults)
    }
    for (const file of testFiles) this.#attempt(() => tests.loadSingular(file, this.#faults))
    this.#throwFaults()
    this.#refuseSharedRelations(nodes)
    return new Map([...index.sources, ...nodes, ...tests.nodes].map((node) => [node.unique_id, node]))
  }

  async #readProperties(): Promise<{ file: YamlFile; content: ReturnType<typeof parseProperties> }[]> {
    const sources = await readProjectFiles(this.#directory, this.#file['model-paths'], ['.yml', '.yaml'])
    return sources.flatMap((source) =>
      this.#attempt(() => {
        const file = new YamlFile(source.path, source.text)
        const rendering = { file, environment: this.#environment, context: yamlContext(this.#scope) }
        const keeps = (path: readonly PropertyKey[]) =>
          ['description', 'data_tests', 'tests'].includes(String(path.at(-1)))
        return { file, content: parseProperties(file, renderYaml({ ...rendering, keeps })) }
      }),
    )
  }

  #describedModels(
    properties: readonly { file: YamlFile; content: ReturnType<typeof parseProperties> }[],
  ): Map<string, DescribedModel> {
    const described = new Map<string, DescribedModel>()
    for (const { file, content } of properties) {
      for (const [index, model] of content.models.entries()) {
        const other = described.get(model.name)
        if (other === undefined) described.set(model.name, { file, index, properties: model })
        else
          this.#faults.push({
            ...file.place(['models', index]),
            message: `model "${model.name}" is also described in ${other.file.path}`,
          })
      }
    }
    return described
  }

  #parseModel(source: ProjectSource, described: ReadonlyMap<string, DescribedModel>): ParsedModel {
    const name = path.posix.basename(source.path, '.sql')
    const fqn = fqnOf(this.#scope.projectName, source.path, this.#file['model-paths'], name)
    const template = this.#templates.parse(source.text.trim(), source.path)
    const properties = described.get(name)
    const outer = mergeConfig(
      modelConfigDefault,
      ...configsForNode(this.#file.models, fqn),
      properties?.properties.config ?? {},
    )
    const parsed = parseTemplate({
      scope: this.#scope,
      template,
      config: outer,
      model: { name, fqn, path: source.path, resource_type: 'model' },
    })
    return { source, name, fqn, template, config: mergeConfig(outer, parsed.config), parsed, described: properties }
  }

  #modelNode({ name, source, fqn, template, config, parsed, described }: ParsedModel): ModelNode {
    const { projectName, dialect } = this.#scope
    const relation = resolveNodeNames(this.#scope, { name, config, path: source.path })
    const uniqueId = `model.${projectName}.${name}`
    this.#templates.keep(uniqueId, template)
    return {
      ...nodeDefaults(),
      ...modelDefaults(),
      database: relation.database,
      schema: relation.schema,
      name,
      resource_type: 'model',
      package_name: projectName,
      path: belowRoot(source.path, this.#file['model-paths']),
      original_file_path: source.path,
      unique_id: uniqueId,
      fqn,
      alias: relation.identifier,
      checksum: checksumOf(source.text),
      config,
      tags: config.tags,
      description: described?.properties.description ?? '',
      meta: config.meta,
      relation_name: config.materialized === 'ephemeral' ? null : dialect.formatRelation(relation),
      raw_code: source.text.trim(),
      refs: parsed.refs.map((one) => ({ name: one.name, package: one.package ?? null, version: null })),
      sources: parsed.sources.map((one) => [one.sourceName, one.tableName] as const),
      depends_on: { macros: [], nodes: [] },
    }
  }

  #linkModels(parsed: readonly ParsedModel[], index: NodeIndex): ModelNode[] {
    return parsed
      .filter(({ config }) => config.enabled)
      .map((model) => {
        const node = index.model(model.name)!
        const linked: ModelNode = {
          ...node,
          depends_on: { macros: [], nodes: index.resolve(model.parsed, { file: model.source.path }, this.#faults) },
        }
        index.add(linked)
        return linked
      })
  }

  *#sources(
    properties: readonly { file: YamlFile; content: ReturnType<typeof parseProperties> }[],
  ): Generator<SourceNode> {
    for (const { file, content } of properties) {
      for (const source of content.sources) yield* this.#sourceTables(file, source)
    }
  }

  *#sourceTables(file: YamlFile, source: SourceProperties): Generator<SourceNode> {
    for (const table of source.tables) {
      const fqn = fqnOf(this.#scope.projectName, file.path, this.#file['model-paths'], table.name)
      const relation = {
        database: source.database ?? this.#scope.target.database,
        schema: source.schema ?? source.name,
        identifier: table.identifier ?? table.name,
      }
      const config = mergeConfig(
        { ...modelConfigDefault, materialized: 'source' },
        ...configsForNode(this.#file.sources, fqn),
        table.config,
      )
      yield {
        ...relation,
        ...sourceDefaults(),
        name: table.name,
        package_name: this.#scope.projectName,
        path: file.path,
        original_file_path: file.path,
        unique_id: `source.${this.#scope.projectName}.${source.name}.${table.name}`,
        fqn: [...fqn.slice(0, -1), source.name, table.name],
        source_name: source.name,
        source_description: source.description,
        description: table.description,
        meta: config.meta,
        tags: config.tags,
        config,
        relation_name: this.#scope.dialect.formatRelation(relation),
      }
    }
  }

  #refuseDuplicates(parsed: readonly ParsedModel[]): void {
    const first = new Map<string, string>()
    for (const { name, source } of parsed) {
      const other = first.get(name)
      if (other === undefined) first.set(name, source.path)
      else
        this.#faults.push({
          file: source.path,
          message: `a model called "${name}" is also in ${other}: ref('${name}') could mean both; rename one`,
        })
    }
  }

  #refuseUnknownDescriptions(described: ReadonlyMap<string, DescribedModel>, parsed: readonly ParsedModel[]): void {
    const names = new Set(parsed.map(({ name }) => name))
    for (const { file, index, properties } of described.values()) {
      if (names.has(properties.name) || this.#faults.length > 0) continue
      this.#scope.log.warn(
        `${file.path}:${file.place(['models', index]).line} describes the model "${properties.name}", which does not exist.`,
      )
    }
  }

  #refuseSharedRelations(nodes: readonly ModelNode[]): void {
    const owners = new Map<string, ModelNode>()
    for (const node of nodes) {
      if (node.config.materialized === 'ephemeral') continue
      const { database, schema, identifier } = relationOf(node)
      const key = [database, schema, identifier].join('.').toLowerCase()
      const other = owners.get(key)
      if (other !== undefined)
        this.#faults.push({
          file: node.original_file_path,
          message: `writes ${key}, and so does ${other.original_file_path}: give one of them another alias or schema`,
        })
      owners.set(key, node)
    }
    this.#throwFaults()
  }

  /** Collects the faults that `work` throws, so that all files are looked at before anything is said. */
  #attempt<Result>(work: () => Result): Result[] {
    try {
      return [work()]
    } catch (error) {
      if (!EclusaError.isInstance(error) || !Array.isArray(error.details['faults'])) throw error
      this.#faults.push(...(error.details['faults'] as ProjectFault[]))
      return []
    }
  }

  #throwFaults(): void {
    if (this.#faults.length > 0) throw projectInvalid(this.#faults)
  }
}

function parseProperties(file: YamlFile, value: unknown) {
  return file.parse(propertiesFileSchema, value)
}

/** The file's path within the folder of its kind. */
export function belowRoot(file: string, roots: readonly string[]): string {
  const root = roots.find((candidate) => file.startsWith(`${candidate}/`)) ?? ''
  return file.slice(root.length).replace(/^\//u, '')
}

/** Project, folders below the model path, name. */
export function fqnOf(project: string, file: string, roots: readonly string[], name: string): string[] {
  const folders = path.posix
    .dirname(belowRoot(file, roots))
    .split('/')
    .filter((part) => part !== '.' && part !== '')
  return [project, ...folders, name]
}
