import path from 'node:path'
import type { Environment, Template } from '../jinja/environment.ts'
import { configsForNode, mergeConfig, testConfigDefault } from '../manifest/node-config.ts'
import type { NodeConfig, PartialConfig } from '../manifest/node-config.ts'
import { checksumOf, nodeDefaults } from '../manifest/node-defaults.ts'
import type { ModelNode, SourceNode, TestNode } from '../manifest/node.ts'
import type { TemplateStore } from './template-store.ts'
import type { ProjectFault } from '../project/project-fault.ts'
import type { ProjectFile } from '../project/project-file.ts'
import type { ProjectSource } from '../project/project-files.ts'
import type { ColumnProperties, PropertiesFile, TestProperties } from '../project/properties-file.ts'
import { genericTestHash, genericTestName } from './test-name.ts'
import { readDeclaredTest } from '../project/test-properties.ts'
import type { DeclaredTest } from '../project/test-properties.ts'
import type { YamlFile } from '../project/yaml-file.ts'
import { nodeContext } from '../context/node-context.ts'
import type { NodeScope, ProjectScope } from '../context/scope.ts'
import type { NodeIndex } from './node-index.ts'
import { parseTemplate } from './parse-template.ts'
import type { ParsedTemplate } from './parse-template.ts'
import { renderTestArguments } from '../context/test-arguments.ts'

export interface GenericTestLoaderOptions {
  readonly scope: ProjectScope
  readonly environment: Environment
  readonly templates: TemplateStore
  readonly index: NodeIndex
  readonly projectFile: ProjectFile
}

interface TestPlace {
  readonly file: YamlFile
  readonly keys: readonly PropertyKey[]
}

/** What a test is attached to, and how its template names it. */
interface Tested {
  readonly node: ModelNode | SourceNode
  readonly targetName: string
  readonly reference: string
}

/** Turns declared tests, and the files of the test paths, into nodes. */
export class GenericTestLoader {
  readonly nodes: TestNode[] = []
  readonly #options: GenericTestLoaderOptions

  constructor(options: GenericTestLoaderOptions) {
    this.#options = options
  }

  load(file: YamlFile, content: PropertiesFile, faults: ProjectFault[]): void {
    for (const [index, model] of content.models.entries()) {
      const node = this.#options.index.model(model.name)
      if (node === undefined) continue
      const tested: Tested = { node, targetName: model.name, reference: `ref('${model.name}')` }
      this.#loadFor(tested, model, { file, keys: ['models', index] }, faults)
    }
    for (const [sourceIndex, source] of content.sources.entries()) {
      for (const [tableIndex, table] of source.tables.entries()) {
        const node = this.#options.index.source(source.name, table.name)!
        const tested: Tested = {
          node,
          targetName: `${source.name}_${table.name}`,
          reference: `source('${source.name}', '${table.name}')`,
        }
        this.#loadFor(tested, table, { file, keys: ['sources', sourceIndex, 'tables', tableIndex] }, faults)
      }
    }
  }

  /** A test in a file of its own: a query for rows that must not be there. */
  loadSingular(source: ProjectSource, faults: ProjectFault[]): void {
    const { scope, templates, index, projectFile } = this.#options
    const name = path.posix.basename(source.path, '.sql')
    const fqn = [scope.projectName, ...source.path.split('/').slice(1, -1), name]
    const template = templates.parse(source.text.trim(), source.path)
    const outer = mergeConfig(testConfigDefault, ...configsForNode(projectFile.data_tests ?? projectFile.tests, fqn))
    const parsed = parseTemplate({
      scope,
      template,
      config: outer,
      model: { name, path: source.path, resource_type: 'test' },
    })
    // A file that only defines `{% test %}` macros is a generic test, not a query.
    if (template.macros.some(({ name: macro }) => macro.startsWith('test_'))) return
    const config = mergeConfig(outer, parsed.config)
    if (!config.enabled) return
    this.nodes.push({
      ...this.#base(config, parsed),
      name,
      path: source.path.split('/').slice(1).join('/'),
      original_file_path: source.path,
      unique_id: `test.${scope.projectName}.${name}`,
      fqn,
      alias: name,
      checksum: checksumOf(source.text),
      raw_code: source.text.trim(),
      depends_on: { macros: [], nodes: index.resolve(parsed, { file: source.path }, faults) },
    })
    templates.keep(`test.${scope.projectName}.${name}`, template)
  }

  #loadFor(
    tested: Tested,
    described: {
      readonly columns: readonly ColumnProperties[]
      readonly data_tests?: readonly TestProperties[] | undefined
      readonly tests?: readonly TestProperties[] | undefined
    },
    place: TestPlace,
    faults: ProjectFault[],
  ): void {
    this.#loadList(tested, described, undefined, place, faults)
    for (const [index, column] of described.columns.entries()) {
      this.#loadList(tested, column, column.name, { file: place.file, keys: [...place.keys, 'columns', index] }, faults)
    }
  }

  #loadList(
    tested: Tested,
    described: {
      readonly data_tests?: readonly TestProperties[] | undefined
      readonly tests?: readonly TestProperties[] | undefined
    },
    columnName: string | undefined,
    place: TestPlace,
    faults: ProjectFault[],
  ): void {
    const key = described.data_tests === undefined ? 'tests' : 'data_tests'
    for (const [index, entry] of (described[key] ?? []).entries()) {
      const at = place.file.place([...place.keys, key, index])
      const declared = readDeclaredTest(entry)
      if (declared === undefined) faults.push({ ...at, message: 'a test is a name, or a name with its arguments' })
      else if (
        this.#options.scope.macros.find(`test_${declared.testName}`, this.#options.scope.projectName) === undefined
      )
        faults.push({ ...at, message: `there is no generic test called "${declared.testName}"` })
      else this.#addTest(tested, declared, columnName, at, faults)
    }
  }

  #addTest(
    tested: Tested,
    declared: DeclaredTest,
    columnName: string | undefined,
    at: Omit<ProjectFault, 'message'>,
    faults: ProjectFault[],
  ): void {
    const { scope, templates, index, projectFile } = this.#options
    const column = columnName === undefined ? {} : { column_name: columnName }
    const kwargs = { ...declared.arguments, ...column, model: `{{ get_where_subquery(${tested.reference}) }}` }
    const identity = {
      testName: declared.testName,
      targetName: tested.targetName,
      isSource: tested.node.resource_type === 'source',
      kwargs,
    }
    const { name: fullName, shortName } = genericTestName(identity)
    const name = declared.name ?? fullName
    const rawCode = `{{ test_${declared.testName}(**_dbt_generic_test_kwargs) }}`
    const template = templates.parse(rawCode, `${at.file} (${name})`)
    // dbt leaves the source's own name out of the fqn of its tests.
    const folders = tested.node.fqn.slice(1, tested.node.resource_type === 'source' ? -2 : -1)
    const fqn = [scope.projectName, ...folders, name]
    const config = mergeConfig(
      testConfigDefault,
      ...configsForNode(projectFile.data_tests ?? projectFile.tests, fqn),
      declared.config,
    )
    if (!config.enabled) return
    const parsed = this.#parseTest(template, kwargs, config, at, faults)
    if (parsed === undefined) return
    const uniqueId = `test.${scope.projectName}.${name}.${genericTestHash(name, identity)}`
    this.nodes.push({
      ...this.#base(config, parsed),
      name,
      path: `${declared.name ?? shortName}.sql`,
      original_file_path: at.file,
      unique_id: uniqueId,
      fqn,
      alias: declared.name ?? shortName,
      checksum: { name: 'none', checksum: '' },
      raw_code: rawCode,
      depends_on: { macros: [], nodes: index.resolve(parsed, at, faults) },
      column_name: columnName ?? null,
      attached_node: tested.node.unique_id,
      test_metadata: { name: declared.testName, kwargs, namespace: null },
    })
    templates.keep(uniqueId, template)
  }

  #base(config: NodeConfig, parsed: ParsedTemplate) {
    const { target, projectName } = this.#options.scope
    return {
      ...nodeDefaults(),
      database: target.database,
      schema: target.schema,
      resource_type: 'test',
      package_name: projectName,
      config,
      tags: config.tags,
      meta: config.meta,
      refs: parsed.refs.map((one) => ({ name: one.name, package: one.package ?? null, version: null })),
      sources: parsed.sources.map((one) => [one.sourceName, one.tableName] as const),
    } as const
  }

  #parseTest(
    template: Template,
    kwargs: Readonly<Record<string, unknown>>,
    config: NodeConfig,
    at: Omit<ProjectFault, 'message'>,
    faults: ProjectFault[],
  ): ParsedTemplate | undefined {
    const { scope, environment } = this.#options
    const refs: ParsedTemplate['refs'][number][] = []
    const sources: ParsedTemplate['sources'][number][] = []
    // The arguments are rendered first, as dbt does: they hold the refs.
    const recorded = nodeContext(scope, recordingScope(config, refs, sources))
    try {
      const extra = { _dbt_generic_test_kwargs: renderTestArguments(environment, kwargs, recorded) }
      const parsed = parseTemplate({ scope, template, config, model: {}, extra: () => extra })
      return { ...parsed, refs: [...refs, ...parsed.refs], sources: [...sources, ...parsed.sources] }
    } catch (error) {
      faults.push({ ...at, message: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }
}

function recordingScope(
  config: PartialConfig,
  refs: ParsedTemplate['refs'][number][],
  sources: ParsedTemplate['sources'][number][],
): NodeScope {
  return {
    execute: false,
    model: {},
    config,
    isIncremental: false,
    thisRelation: null,
    ref: (args) => {
      refs.push(args.length > 1 ? { package: String(args[0]), name: String(args[1]) } : { name: String(args[0]) })
      return 'ref'
    },
    source: (args) => {
      sources.push({ sourceName: String(args[0]), tableName: String(args[1]) })
      return 'source'
    },
    setConfig: () => {},
  }
}
