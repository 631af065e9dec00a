import { EclusaError, closestName } from '@eclusa/sdk'
import { renderTestArguments } from '../context/test-arguments.ts'
import { yamlContext } from '../context/base-names.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { textOf } from '../jinja/python-text.ts'
import { listOf, mergeConfig } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import { nodeDefaults } from '../manifest/node-defaults.ts'
import type { TestNode } from '../manifest/node.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { ProjectFault } from '../project/project-fault.ts'
import { testsIn } from '../project/properties-file.ts'
import type { ColumnProperties, ModelProperties, NodeProperties, TestProperties } from '../project/properties-file.ts'
import { renderYamlText } from '../project/render-yaml.ts'
import { readDeclaredTest } from '../project/test-properties.ts'
import type { DeclaredTest } from '../project/test-properties.ts'
import { columnTags } from './column-info.ts'
import { fqnOf, withoutFirstFolder } from './file-path.ts'
import type { LoadedTable } from './load-sources.ts'
import { macrosNamed } from './macro-watch.ts'
import type { NodeFinisher } from './node-finisher.ts'
import type { NodeIndex } from './node-index.ts'
import { parseTemplate, referenceArguments } from './parse-template.ts'
import type { ParsedTemplate } from './parse-template.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode } from './parsed-node.ts'
import { columnsOfVersion } from './property-patches.ts'
import type { ParsedProperties } from './read-properties.ts'
import { genericTestHash, genericTestName } from './test-name.ts'

/** A generic test's node while it is built. */
export type DraftTest = DraftNode & {
  -readonly [Key in 'column_name' | 'file_key_name' | 'attached_node' | 'test_metadata']?: TestNode[Key]
}

/** What a test is attached to, and how its template names it. */
interface Tested {
  readonly kind: 'model' | 'node' | 'source'
  readonly project: PackageProject
  readonly file: ParsedProperties['file']
  readonly path: string
  /** `ref('orders')`, `source('raw', 'orders')`. */
  readonly reference: string
  /** As the names of its tests have it. */
  readonly targetName: string
  /** `models.orders`: the entry that declares the tests. */
  readonly fileKey: string
  readonly name: string
  readonly version?: string | number
  readonly sourceName?: string
  readonly tags: readonly string[]
  readonly quotesColumns: boolean
}

/** A generic test's macro: the one that is called, the one that dbt lists, and what the arguments may call. */
interface TestMacro {
  readonly called: string
  readonly listed: string
  readonly known: ReadonlySet<string>
}

/** Where a test is declared; found when something is wrong with it. */
type Place = () => Omit<ProjectFault, 'message'>

interface TestList {
  readonly declaring: {
    readonly data_tests?: readonly TestProperties[] | undefined
    readonly tests?: readonly TestProperties[] | undefined
  }
  readonly keys: readonly PropertyKey[]
  readonly column?: ColumnProperties
}

export interface TestLoaderOptions {
  readonly session: ParseSession
  readonly index: NodeIndex
  readonly finisher: NodeFinisher
}

/** Turns the tests that properties files declare into nodes. */
export class TestLoader {
  readonly nodes: DraftTest[] = []
  readonly #ids = new Set<string>()
  readonly #macros = new Map<string, TestMacro | undefined>()
  readonly #names = new Map<string, readonly string[]>()
  readonly #session: ParseSession
  readonly #index: NodeIndex
  readonly #finisher: NodeFinisher

  constructor({ session, index, finisher }: TestLoaderOptions) {
    this.#session = session
    this.#index = index
    this.#finisher = finisher
  }

  load(properties: ParsedProperties): void {
    const { content } = properties
    for (const [index, model] of content.models.entries()) {
      if (model.versions.length === 0) this.#ofNode(properties, 'models', index, model)
      else this.#ofVersions(properties, index, model)
    }
    for (const [index, seed] of content.seeds.entries()) this.#ofNode(properties, 'seeds', index, seed)
    for (const [index, snapshot] of content.snapshots.entries()) this.#ofNode(properties, 'snapshots', index, snapshot)
  }

  loadTable({ node, source, table, keys, properties }: LoadedTable): void {
    const tested: Tested = {
      ...placeOf(properties),
      kind: 'source',
      reference: `source('${source.name}', '${node.name}')`,
      targetName: `${source.name}_${node.name}`,
      fileKey: `sources.${source.name}`,
      name: node.name,
      sourceName: source.name,
      tags: [...source.tags, ...table.tags],
      quotesColumns: table.quote_columns === true,
    }
    this.#addAll(tested, [{ declaring: table, keys }, ...columnLists(table.columns, keys)])
  }

  #ofNode(
    properties: ParsedProperties,
    section: 'models' | 'seeds' | 'snapshots',
    index: number,
    entry: NodeProperties | ModelProperties,
  ): void {
    const tested: Tested = {
      ...placeOf(properties),
      kind: section === 'models' ? 'model' : 'node',
      reference: `ref('${entry.name}')`,
      targetName: entry.name,
      fileKey: `${section}.${entry.name}`,
      name: entry.name,
      tags: [],
      quotesColumns: entry.quote_columns === true,
    }
    const keys = [section, index]
    this.#addAll(tested, [...columnLists(entry.columns, keys), { declaring: entry, keys }])
  }

  #ofVersions(properties: ParsedProperties, index: number, model: ModelProperties): void {
    for (const [versionIndex, version] of model.versions.entries()) {
      const tested: Tested = {
        ...placeOf(properties),
        kind: 'model',
        reference: `ref('${model.name}', version='${version.v}')`,
        targetName: `${model.name}_v${version.v}`,
        fileKey: `models.${model.name}`,
        name: model.name,
        version: version.v,
        tags: [],
        quotesColumns: model.quote_columns === true,
      }
      const keys = ['models', index]
      const own = testsIn(version).tests.length > 0
      this.#addAll(tested, [
        ...columnLists(columnsOfVersion(model, version), keys),
        own ? { declaring: version, keys: [...keys, 'versions', versionIndex] } : { declaring: model, keys },
      ])
    }
  }

  #addAll(tested: Tested, lists: readonly TestList[]): void {
    for (const { declaring, keys, column } of lists) {
      const { key, tests } = testsIn(declaring)
      if (key === 'data_tests' && (declaring.tests ?? []).length > 0) {
        const message = 'both tests and data_tests are given: put all of them under data_tests'
        this.#session.faults.push({ ...tested.file.place([...keys, 'tests']), message })
      }
      for (const [index, entry] of tests.entries()) {
        const at = () => tested.file.place([...keys, key, index])
        const declared = readDeclaredTest(entry, column === undefined ? undefined : this.#columnName(tested, column))
        if (declared === undefined) {
          const message = 'a test is a name, or one name with its arguments under it'
          this.#session.faults.push({ ...at(), message })
        } else this.#add(tested, declared, column, at)
      }
    }
  }

  #columnName(tested: Tested, { name, quote }: ColumnProperties): string {
    const isQuoted = quote ?? tested.quotesColumns
    return isQuoted ? this.#session.scope.dialect.quoteIdentifier(name) : name
  }

  #add(tested: Tested, declared: DeclaredTest, column: ColumnProperties | undefined, at: Place): void {
    const { namespace, testName } = declared
    const macro = this.#findMacro(tested.project.name, declared)
    if (macro === undefined) {
      const written = namespace === undefined ? testName : `${namespace}.${testName}`
      const known = [...this.#session.scope.macros.definitions()].flatMap(
        ({ name }) => /^test_(.+)$/u.exec(name)?.[1] ?? [],
      )
      const closest = closestName(testName, known)
      const advice =
        closest === undefined ? 'define it with {% test %}, or install its package' : `did you mean "${closest}"?`
      this.#session.faults.push({ ...at(), message: `there is no generic test called "${written}": ${advice}` })
      return
    }
    try {
      const config = this.#renderConfig(tested.project.name, declared.config)
      this.#build({ tested, declared, column, config, macro, at })
    } catch (error) {
      this.#session.faults.push({ ...at(), message: messageOf(error) })
    }
  }

  #findMacro(packageName: string, declared: DeclaredTest): TestMacro | undefined {
    const key = `${packageName} ${declared.namespace ?? ''} ${declared.testName}`
    if (!this.#macros.has(key)) this.#macros.set(key, this.#lookUpMacro(packageName, declared))
    return this.#macros.get(key)
  }

  #lookUpMacro(packageName: string, { namespace, testName }: DeclaredTest): TestMacro | undefined {
    const { macros } = this.#session.scope
    const name = `test_${testName}`
    const called = namespace === undefined ? macros.find(name, packageName) : macros.findIn(namespace, name)
    if (called === undefined) return undefined
    // dbt lists the nearest test of that name, whichever package the call names; and of the macros that arguments
    // call those only that the test itself knows.
    const where = macros.find('get_where_subquery', packageName)?.uniqueId ?? ''
    return {
      called: called.uniqueId,
      listed: (macros.find(name, packageName) ?? called).uniqueId,
      known: new Set([where, ...macrosNamed(called.syntax.body, macros, called)]),
    }
  }

  /** Texts among the settings are rendered as YAML is. */
  #renderConfig(packageName: string, config: PartialConfig): Record<string, unknown> {
    const rendered = Object.entries(config).map(([key, value]) => {
      if (typeof value !== 'string' || !/\{[{%]/u.test(value)) return [key, value] as const
      return [key, renderYamlText(value, key, yamlContext(this.#session.scopeOf(packageName)))] as const
    })
    return Object.fromEntries(rendered)
  }

  #build({
    tested,
    declared,
    column,
    config,
    macro,
    at,
  }: {
    readonly tested: Tested
    readonly declared: DeclaredTest
    readonly column: ColumnProperties | undefined
    readonly config: Record<string, unknown>
    readonly macro: TestMacro
    readonly at: Place
  }): void {
    const { scope, configs, faults } = this.#session
    const { project } = tested
    const { testName, namespace } = declared
    const kwargs = { ...declared.arguments, model: `{{ get_where_subquery(${tested.reference}) }}` }
    const identity = {
      testName,
      targetName: tested.targetName,
      isSource: tested.kind === 'source',
      kwargs,
      ...(namespace === undefined ? {} : { namespace }),
    }
    const { name: fullName, shortName } = genericTestName(identity)
    const name = declared.name ?? fullName
    if (declared.name === undefined && shortName !== fullName && config['alias'] === undefined)
      config['alias'] = shortName
    const fqn = fqnOf(project.name, withoutFirstFolder(tested.path), name)
    const node: DraftTest = nodeDefaults('test', {
      database: scope.target.database,
      schema: scope.target.schema,
      name,
      package_name: project.name,
      path: `${declared.name ?? shortName}.sql`,
      original_file_path: tested.path,
      unique_id: `test.${project.name}.${name}.${genericTestHash(name, identity)}`,
      fqn,
      checksum: { name: 'none', checksum: '' },
      raw_code: rawCode(testName, namespace, config),
      tags: [
        ...new Set([...tested.tags, ...(column === undefined ? [] : columnTags(column)), ...listOf(config['tags'])]),
      ].toSorted(),
    })
    node.description = declared.description
    node.column_name = column === undefined ? null : this.#columnName(tested, column)
    node.file_key_name = tested.fileKey
    node.attached_node = null
    node.test_metadata = { name: testName, kwargs, namespace: namespace ?? null }
    const parsed = isWellKnown(macro.listed) ? knownReferences(tested) : this.#parse(node, config, project)
    const call = isWellKnown(macro.listed) ? config : mergeConfig(config, parsed.config)
    node.refs = parsed.refs.map(referenceArguments)
    node.sources = parsed.sources.map((one) => [one.sourceName, one.tableName] as const)
    node.depends_on = {
      macros: [...new Set([macro.listed, ...parsed.macros.filter((id) => id !== macro.called && macro.known.has(id))])],
      nodes: [],
    }
    this.#noteNames(node, testName, parsed)
    this.#attach(node, tested)
    const request = { kind: 'test', packageName: project.name, fqn, call } as const
    const built = configs.build(request)
    this.#finisher.settle(node, built, built.tags)
    node.unrendered_config = configs.unrendered(request)
    if (this.#ids.has(node.unique_id))
      faults.push({
        ...at(),
        message: `two tests are called "${name}" (${node.unique_id}): give one of them a name`,
      })
    this.#ids.add(node.unique_id)
    this.nodes.push(node)
  }

  /** A test belongs to the group of what it tests. */
  #attach(node: DraftTest, { kind, name, version, project }: Tested): void {
    if (kind === 'source') return
    const reference = { name, ...(version === undefined ? {} : { version }) }
    const place = { from: project.name, root: this.#session.root.name }
    const attached = this.#index.find(reference, place) ?? this.#index.findDisabled(reference)
    if (attached === undefined) return
    node.attached_node = attached.unique_id
    node.group = attached.group
  }

  /** Most tests are alike, and share one list. */
  #noteNames(node: DraftTest, testName: string, { names }: ParsedTemplate): void {
    const list = (names === knownNames ? this.#names.get(testName) : undefined) ?? [...namesOfTest(testName), ...names]
    if (names === knownNames) this.#names.set(testName, list)
    this.#session.noteNames(node, list)
  }

  #parse(node: DraftTest, config: PartialConfig, project: PackageProject): ParsedTemplate {
    const { environment, templates } = this.#session
    const kwargs = node.test_metadata!.kwargs
    return parseTemplate({
      scope: this.#session.scopeOf(project.name),
      packageName: project.name,
      templates: [templates.shared(node.raw_code)],
      config,
      model: node,
      // The arguments are rendered first, as dbt does: they hold the refs.
      extra: (context) => ({ _dbt_generic_test_kwargs: renderTestArguments(environment, kwargs, context) }),
    })
  }
}

function placeOf({ project, file, source }: ParsedProperties) {
  return { project, file, path: source.path }
}

function columnLists(columns: readonly ColumnProperties[], keys: readonly PropertyKey[]): TestList[] {
  return columns.map((column, index) => ({ declaring: column, keys: [...keys, 'columns', index], column }))
}

/** Tests of which dbt knows, without rendering them, that they ask for nothing but what they test. */
function isWellKnown(macroId: string): boolean {
  return macroId === 'macro.dbt.test_unique' || macroId === 'macro.dbt.test_not_null'
}

const knownNames = ['ref', 'source']

function knownReferences({ kind, name, sourceName, version }: Tested): ParsedTemplate {
  const reference = { name, ...(version === undefined ? {} : { version }) }
  return {
    refs: kind === 'source' ? [] : [reference],
    sources: kind === 'source' ? [{ sourceName: sourceName!, tableName: name }] : [],
    config: {},
    macros: [],
    names: knownNames,
  }
}

/** The macros behind a generic test, and one that dbt looks for whether or not a test calls it. */
function namesOfTest(testName: string): string[] {
  return [`test_${testName}`, testName, 'get_where_subquery']
}

/** The template of a generic test; its settings are written into it as Python prints them. */
function rawCode(testName: string, namespace: string | undefined, config: PartialConfig): string {
  const macro = namespace === undefined ? `test_${testName}` : `${namespace}.test_${testName}`
  const settings = Object.entries(config).map(([key, value]) => {
    return `${key}=${typeof value === 'string' ? `"${value.replaceAll('"', String.raw`\"`)}"` : textOf(value)}`
  })
  const call = settings.length === 0 ? '' : `{{ config(${settings.join(',')}) }}`
  return `{{ ${macro}(**_dbt_generic_test_kwargs) }}${call}`
}

function messageOf(error: unknown): string {
  if (error instanceof TemplateError) return error.reason
  // The template of a generic test is ours: who reads the message has written the arguments alone.
  const faults = EclusaError.isInstance(error) ? error.details['faults'] : undefined
  if (Array.isArray(faults)) return (faults as ProjectFault[]).map(({ message }) => message).join('; ')
  return error instanceof Error ? error.message : String(error)
}
