import { isRecord } from '../manifest/node-config.ts'
import type { NodeConfig, PartialConfig } from '../manifest/node-config.ts'
import type { ModelNode } from '../manifest/node.ts'
import { readProjectSettings } from '../project/project-settings.ts'
import { configFaults } from './config-check.ts'
import { relationName, resolveNodeNames } from './node-names.ts'
import { parseTemplate, referenceArguments } from './parse-template.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode, ParsedNode } from './parsed-node.ts'

/** Settles what a node's settings decide: names, tags, hooks. */
export class NodeFinisher {
  readonly #session: ParseSession
  readonly #internal: ReadonlySet<string>

  constructor(session: ParseSession, internalPackages: readonly string[]) {
    this.#session = session
    this.#internal = new Set(internalPackages)
  }

  /** Settings first without the properties and then with them: so dbt comes to the order of a node's tags. */
  finish(parsed: ParsedNode, properties?: PartialConfig): void {
    const { kind, project, node, call } = parsed
    const request = { kind, packageName: project.name, fqn: node.fqn, call }
    const { configs } = this.#session
    const first = configs.build(request)
    const config = properties === undefined ? first : configs.build({ ...request, properties })
    this.settle(node, config, [...first.tags, ...config.tags])
    node.unrendered_config = configs.unrendered({ ...request, ...(properties === undefined ? {} : { properties }) })
    if (kind !== 'test') this.#parseHooks(parsed)
  }

  /** What the settings say that also stands at the node itself, and where the node goes. */
  settle(node: DraftNode, config: NodeConfig, tags: readonly string[]): void {
    node.config = config
    const file = node.original_file_path
    for (const message of configFaults(node)) this.#session.faults.push({ file, message })
    node.tags = [...new Set([...node.tags, ...tags.map(String)])]
    if (Object.keys(config.meta).length > 0) node.meta = config.meta
    if (typeof config['group'] === 'string') node.group = config['group']
    if (node.resource_type === 'model') node.access = accessOf(config) ?? node.access
    const docs = config['docs']
    if (isRecord(docs)) node.docs = docs as unknown as ModelNode['docs']
    const contract = config['contract']
    if (isRecord(contract)) node.contract = { ...(contract as ModelNode['contract']), checksum: node.contract.checksum }
    this.#name(node, config)
  }

  #name(node: DraftNode, config: NodeConfig): void {
    const { database, schema, identifier } = resolveNodeNames(
      this.#session.scopeOf(node.package_name),
      node,
      this.#internal,
    )
    node.database = database
    node.schema = schema
    node.alias = identifier
    if (node.resource_type === 'snapshot') {
      if (typeof config['target_database'] === 'string') node.database = config['target_database']
      if (typeof config['target_schema'] === 'string') node.schema = config['target_schema']
    }
    node.relation_name = hasRelation(node) ? this.#relationName(node) : null
  }

  #relationName(node: DraftNode): string {
    const { scope, root } = this.#session
    const { quoting } = readProjectSettings(root, [], scope.target)
    return relationName(scope, { database: node.database, schema: node.schema, identifier: node.alias }, quoting)
  }

  #parseHooks({ project, node, label }: ParsedNode): void {
    const hooks = [node.config['pre-hook'], node.config['post-hook']].flatMap((list) =>
      Array.isArray(list) ? list : [],
    )
    const texts = hooks.flatMap((hook) => (isRecord(hook) ? [String(hook['sql'])] : []))
    if (!texts.some((sql) => /\{[{%]/u.test(sql))) return
    const { templates } = this.#session
    const parsed = parseTemplate({
      scope: this.#session.scopeOf(project.name),
      packageName: project.name,
      templates: texts.map((sql) => templates.parse(sql, `${label} (hook)`)),
      config: node.config,
      model: node,
    })
    this.#session.noteNames(node, parsed.names)
    if (node.resource_type === 'seed' && parsed.refs.length + parsed.sources.length > 0) {
      const message = `Seeds cannot depend on other nodes: a hook of "${node.name}" calls ref or source, itself or by a macro`
      this.#session.faults.push({ file: label, message })
      return
    }
    node.refs = [...node.refs, ...parsed.refs.map(referenceArguments)]
    node.sources = [...node.sources, ...parsed.sources.map((one) => [one.sourceName, one.tableName] as const)]
    node.depends_on = { ...node.depends_on, macros: [...new Set([...node.depends_on.macros, ...parsed.macros])] }
  }
}

function accessOf({ access }: NodeConfig): ModelNode['access'] | undefined {
  return access === 'private' || access === 'protected' || access === 'public' ? access : undefined
}

/** Tests have a relation only where their failures are kept. */
function hasRelation({ resource_type: type, config }: DraftNode): boolean {
  if (type === 'test') return config['store_failures'] === true
  if (type === 'model') return config.materialized !== 'ephemeral'
  return type === 'seed' || type === 'snapshot'
}
