import { nodeContext } from '../context/node-context.ts'
import { templateFault } from '../context/macro-library.ts'
import type { MacroLibrary } from '../context/macro-library.ts'
import type { ProjectScope } from '../context/scope.ts'
import { MacroValue } from '../jinja/macro.ts'
import { textOf } from '../jinja/python-text.ts'
import type { NodeConfig } from '../manifest/node-config.ts'
import type { NodeRelation } from '../manifest/node.ts'

export interface NamedNode {
  readonly name: string
  readonly package_name: string
  readonly config: NodeConfig
  readonly version?: string | number | null
}

const parts = [
  ['generate_database_name', 'database'],
  ['generate_schema_name', 'schema'],
  ['generate_alias_name', 'alias'],
] as const

/**
 * Where a node goes: what the macros generate_{database,schema,alias}_name say. A package's own go before the root
 * project's for its nodes, and those before ours.
 */
export function resolveNodeNames(scope: ProjectScope, node: NamedNode, internal: ReadonlySet<string>): NodeRelation {
  const [database, schema, identifier] = parts.map(([macro, key]) => {
    const custom = node.config[key] ?? null
    return isOwnMacro(scope.macros, macro, node.package_name, internal)
      ? callMacro(scope, macro, custom, node)
      : builtinName(scope, key, custom, node)
  })
  return { database: database!, schema: schema!, identifier: identifier! }
}

/** Whether the project, or a package, has a say in a name; else the answer is known without calling anything. */
function isOwnMacro(macros: MacroLibrary, name: string, packageName: string, internal: ReadonlySet<string>): boolean {
  const found = [macros.find(name, packageName), macros.dispatch(name, undefined, packageName)]
  return found.some((macro) => macro !== undefined && !internal.has(macro.packageName))
}

function builtinName(
  { target }: ProjectScope,
  key: (typeof parts)[number][1],
  custom: unknown,
  { name, version }: NamedNode,
): string {
  if (key === 'alias') {
    if (custom !== null && custom !== '') return textOf(custom).trim()
    return version === null || version === undefined ? name : `${name}_v${String(version).replaceAll('.', '_')}`
  }
  const fallback = target[key]
  if (custom === null) return fallback
  const text = textOf(custom).trim()
  return key === 'schema' ? `${fallback}_${text}` : text
}

function callMacro(scope: ProjectScope, macro: string, custom: unknown, node: NamedNode): string {
  const context = nodeContext(scope, {
    execute: false,
    packageName: node.package_name,
    model: { ...node },
    config: node.config,
    isIncremental: false,
    thisRelation: null,
    ref: () => null,
    source: () => null,
    setConfig: () => {},
  })
  const value = context[macro]
  if (!(value instanceof MacroValue)) throw new Error(`the macro ${macro} is missing`)
  try {
    return textOf(value.call([custom, node])).trim()
  } catch (error) {
    throw templateFault(error)
  }
}

/** A relation's full name with the parts quoted that are to be. */
export function relationName(
  scope: ProjectScope,
  relation: NodeRelation,
  quoting: Readonly<Record<'database' | 'schema' | 'identifier', boolean>>,
): string {
  return (['database', 'schema', 'identifier'] as const)
    .filter((part) => relation[part] !== '')
    .map((part) => (quoting[part] ? scope.dialect.quoteIdentifier(relation[part]) : relation[part]))
    .join('.')
}
