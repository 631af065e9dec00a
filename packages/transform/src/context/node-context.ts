import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { adapterNames } from './adapter-names.ts'
import { baseNames } from './base-names.ts'
import { ConfigValue } from './config-value.ts'
import { hostFunction } from './host-function.ts'
import type { NodeScope, ProjectScope } from './scope.ts'

/** The names that a model, a test or a macro sees. dbt's context, as far as this version has it. */
export function nodeContext(scope: ProjectScope, node: NodeScope): Record<string, unknown> {
  const from = node.packageName ?? scope.projectName
  const namespace = scope.macros.namespaceFor(from, () => context)
  const context: Record<string, unknown> = Object.create(namespace) as Record<string, unknown>
  define(context, {
    ...baseNames(scope, node),
    execute: node.execute,
    this: node.thisRelation,
    model: node.model,
    target: { ...scope.target, profile_name: scope.projectName, dbname: scope.target.database },
    schema: scope.target.schema,
    database: scope.target.database,
    project_name: scope.projectName,
    flags: { FULL_REFRESH: node.config['full_refresh'] === true },
    ref: hostFunction('ref', (args, kwargs) => node.ref(args, kwargs)),
    source: hostFunction('source', (args) => node.source(args)),
    config: new ConfigValue(node),
    is_incremental: hostFunction('is_incremental', () => node.isIncremental),
    adapter: adapterNames(scope, from, namespace),
    run_query: new NativeFunction('run_query', 'sql', (sql: unknown) => {
      if (!node.execute || node.runQuery === undefined) return null
      return node.runQuery(textOf(sql))
    }),
  })
  return Object.assign(context, node.extra)
}

/** Sets the names that no macro has: in dbt a project may define its own `ref`, and call the other by `builtins.ref`. */
function define(context: Record<string, unknown>, names: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(names)) {
    if (!(name in context)) Object.defineProperty(context, name, { value, writable: true, enumerable: true })
  }
}
