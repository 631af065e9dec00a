import { textOf } from '../jinja/python-text.ts'
import { MacroValue } from '../jinja/macro.ts'
import type { NodeConfig } from '../manifest/node-config.ts'
import type { NodeRelation } from '../manifest/node.ts'
import { nodeContext } from '../context/node-context.ts'
import type { ProjectScope } from '../context/scope.ts'
import { templateFault } from '../context/macro-library.ts'

/** Where a model goes: what the macros generate_{database,schema,alias}_name say, a project's own before the built-in. */
export function resolveNodeNames(
  scope: ProjectScope,
  node: { readonly name: string; readonly config: NodeConfig; readonly path: string },
): NodeRelation {
  const model = { name: node.name, path: node.path, config: node.config, resource_type: 'model' }
  const context = nodeContext(scope, {
    execute: false,
    model,
    config: node.config,
    isIncremental: false,
    thisRelation: null,
    ref: () => null,
    source: () => null,
    setConfig: () => {},
  })
  const call = (macro: string, custom: unknown): string => {
    const value = context[macro]
    if (!(value instanceof MacroValue)) throw new Error(`the macro ${macro} is missing`)
    try {
      return textOf(value.call([custom ?? null, model])).trim()
    } catch (error) {
      throw templateFault(error)
    }
  }
  return {
    database: call('generate_database_name', node.config.database),
    schema: call('generate_schema_name', node.config.schema),
    identifier: call('generate_alias_name', node.config.alias),
  }
}
