import type { Macro } from '../jinja/ast.ts'
import type { Environment, MacroBinder, RenderOptions, Template } from '../jinja/environment.ts'
import { createEnvironment } from '../jinja/environment.ts'
import type { MacroCode, MacroValue } from '../jinja/macro.ts'
import { macroCode } from '../jinja/statement-code.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { projectInvalid } from '../project/project-fault.ts'
import { textTypeFilters } from '../python/type-filters.ts'
import { macroTags } from './macro-tags.ts'

export function createProjectEnvironment(): Environment {
  return createEnvironment({ tags: macroTags, filters: textTypeFilters })
}

/** A file of macros of one package: `path` is within the package. */
export interface MacroFile {
  readonly packageName: string
  readonly path: string
  readonly text: string
}

/** One macro of a package, before it is bound to the node that calls it. */
export interface MacroDefinition {
  /** dbt's: `macro.dbt_utils.star`. */
  readonly uniqueId: string
  readonly packageName: string
  readonly name: string
  /** The file that it is in. */
  readonly template: Template
  readonly syntax: Macro
  readonly code: MacroCode
}

export interface MacroLibraryOptions {
  readonly environment: Environment
  readonly files: readonly MacroFile[]
  readonly rootPackage: string
  /** Packages of our own library, the first going before the others: `dbt_duckdb`, `dbt`. */
  readonly internalPackages: readonly string[]
  /** Prefixes of implementations, most special first: `duckdb`. `default` comes after them. */
  readonly adapterTypes: readonly string[]
  /** `dispatch` of dbt_project.yml: the packages to search for a namespace, in order. */
  readonly searchOrders?: ReadonlyMap<string, readonly string[]>
}

type Macros = Map<string, MacroDefinition>

const nothingBelow: object = Object.create(null) as object

/** What a name is to dbt's own library as a whole. */
const globalPackage = 'dbt'

/**
 * All macros that a project's templates can call. The library itself is immutable; `namespaceFor` binds it to the
 * context of one node, since in dbt a macro sees the `this`, `ref` and `config` of the node that calls it.
 */
export class MacroLibrary {
  readonly #options: MacroLibraryOptions
  readonly #packages = new Map<string, Macros>()
  /** Our own library, with the more special packages going first. */
  readonly #internal: Macros = new Map()
  readonly #dispatched = new Map<string, MacroDefinition | undefined>()
  readonly #prototypes = new WeakMap<object, Map<string, object>>()

  /** @throws PROJECT_INVALID for a syntax error, and for a name that one package defines twice. */
  constructor(options: MacroLibraryOptions) {
    this.#options = options
    for (const file of options.files) this.#add(file)
    for (const name of options.internalPackages.toReversed()) {
      for (const macro of this.#packages.get(name)?.values() ?? []) this.#internal.set(macro.name, macro)
    }
  }

  /** Every macro, whether or not its name is hidden by another. */
  *definitions(): Generator<MacroDefinition> {
    for (const macros of this.#packages.values()) yield* macros.values()
  }

  /**
   * What `name` means in a node or macro of package `from`: that package's own macro, else the root project's, else our
   * library's. That is dbt's order.
   */
  find(name: string, from: string): MacroDefinition | undefined {
    const { rootPackage } = this.#options
    return this.#ofProject(from)?.get(name) ?? this.#ofProject(rootPackage)?.get(name) ?? this.#internal.get(name)
  }

  /** What `packageName.name` means. */
  findIn(packageName: string, name: string): MacroDefinition | undefined {
    return packageName === globalPackage ? this.#internal.get(name) : this.#ofProject(packageName)?.get(name)
  }

  /**
   * The implementation of a macro for the warehouse, dbt's `adapter.dispatch`: in each package that the namespace says,
   * in turn, `duckdb__name`, then `default__name`.
   */
  dispatch(name: string, namespace: string | undefined, from: string): MacroDefinition | undefined {
    const key = `${from} ${namespace ?? ''} ${name}`
    if (!this.#dispatched.has(key)) this.#dispatched.set(key, this.#implementation(name, namespace, from))
    return this.#dispatched.get(key)
  }

  #implementation(name: string, namespace: string | undefined, from: string): MacroDefinition | undefined {
    const names = [...this.#options.adapterTypes, 'default'].map((prefix) => `${prefix}__${name}`)
    const packages = namespace === undefined ? undefined : this.#searchOrder(namespace)
    for (const packageName of packages ?? [undefined]) {
      for (const candidate of names) {
        const found = packageName === undefined ? this.find(candidate, from) : this.findIn(packageName, candidate)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  /**
   * The block that builds nodes of this materialization. One for the warehouse goes before a `default` one wherever
   * they are; of two equally special the root project's wins. Those of installed packages may not replace built-in ones.
   */
  materialization(name: string): MacroDefinition | undefined {
    const { adapterTypes, rootPackage, internalPackages } = this.#options
    for (const adapter of [...adapterTypes, 'default']) {
      const macro = `materialization_${name}_${adapter}`
      const own = this.#packages.get(rootPackage)?.get(macro) ?? this.#internal.get(macro)
      if (own !== undefined) return own
      if (this.#isBuiltinMaterialization(name)) continue
      for (const [packageName, macros] of this.#packages) {
        if (!internalPackages.includes(packageName) && macros.has(macro)) return macros.get(macro)
      }
    }
    return undefined
  }

  /**
   * An object that has every macro and every package as a property, for a node of package `from`: its context, once the
   * names of the node itself have been put in.
   *
   * @param options.below what names mean that no macro has. The same object for many nodes saves making it for each.
   */
  contextFor(
    from: string,
    { below = nothingBelow, ...options }: RenderOptions & { readonly below?: object } = {},
  ): Record<string, unknown> {
    const prototypes = this.#prototypes.get(below) ?? new Map<string, object>()
    this.#prototypes.set(below, prototypes)
    let prototype = prototypes.get(from)
    if (prototype === undefined) {
      prototype = this.#prototypeFor(from, below)
      prototypes.set(from, prototype)
    }
    const context = Object.create(prototype) as Record<string, unknown> & BoundContext
    context[bound] = new BoundMacros(() => this.#options.environment.macroBinder(context, options))
    return context
  }

  /** Nodes are many and macros are hundreds: getters stand on one object per package and look up the node's modules. */
  #prototypeFor(from: string, below: object): object {
    const prototype = Object.assign(Object.create(null) as object, below)
    const define = (name: string, value: (macros: BoundMacros) => unknown) => {
      Object.defineProperty(prototype, name, {
        configurable: true,
        get(this: BoundContext) {
          return value(this[bound])
        },
      })
    }
    for (const [name, macro] of this.#internal) define(name, (macros) => macros.valueOf(macro))
    define(globalPackage, (macros) => macros.packageOf(globalPackage, this.#internal))
    for (const [name, macros] of this.#packages) {
      if (!this.#options.internalPackages.includes(name)) define(name, (all) => all.packageOf(name, macros))
    }
    for (const packageName of [this.#options.rootPackage, from]) {
      for (const [name, macro] of this.#ofProject(packageName) ?? []) define(name, (macros) => macros.valueOf(macro))
    }
    return prototype
  }

  #ofProject(packageName: string): Macros | undefined {
    return this.#options.internalPackages.includes(packageName) ? undefined : this.#packages.get(packageName)
  }

  #searchOrder(namespace: string): readonly string[] | undefined {
    const configured = this.#options.searchOrders?.get(namespace)
    if (configured !== undefined) return configured
    return this.#packages.has(namespace) ? [this.#options.rootPackage, namespace] : undefined
  }

  #isBuiltinMaterialization(name: string): boolean {
    return [...this.#options.adapterTypes, 'default'].some((adapter) =>
      this.#internal.has(`materialization_${name}_${adapter}`),
    )
  }

  #add(file: MacroFile): void {
    const { packageName, path } = file
    const macros = this.#packages.get(packageName) ?? new Map<string, MacroDefinition>()
    this.#packages.set(packageName, macros)
    const defined = this.#options.internalPackages.includes(packageName)
      ? unparsedMacros(this.#options.environment, file)
      : parsedMacros(this.#options.environment, file)
    for (const macro of defined) {
      const other = macros.get(macro.name)
      if (other !== undefined) {
        const message = `macro "${macro.name}" is also defined in ${other.template.name}; rename one of them`
        throw projectInvalid([{ file: path, line: macro.syntax.position.line, message }])
      }
      macros.set(macro.name, macro)
    }
  }
}

/**
 * The macros of a file. Each is a template of its own, as in dbt: what it calls is found by the rules for names, and not in
 * the file that happens to hold it, so that a project can replace what other macros of a file call.
 */
function parsedMacros(environment: Environment, { packageName, path, text }: MacroFile): MacroDefinition[] {
  const template = parseMacroFile(environment, path, text)
  return template.macros.map((syntax) => ({
    uniqueId: `macro.${packageName}.${syntax.name}`,
    packageName,
    name: syntax.name,
    template,
    syntax,
    code: macroCode(syntax.name, syntax),
  }))
}

export const macroPattern =
  /\{%-?\s*(?:(?<kind>macro|test|data_test)\s+(?<name>\w+)|materialization\s+(?<built>\w+)\s*,\s*(?:default|adapter\s*=\s*['"](?<adapter>\w+)['"]))/gu

/** The macros of a file of our own library, which is parsed when one of them is first used: a project uses few of them. */
function unparsedMacros(environment: Environment, file: MacroFile): MacroDefinition[] {
  let parsed: ReadonlyMap<string, MacroDefinition> | undefined
  const find = (name: string) => {
    parsed ??= new Map(parsedMacros(environment, file).map((macro) => [macro.name, macro]))
    return parsed.get(name)!
  }
  return [...file.text.matchAll(macroPattern)].map(({ groups }) => new UnparsedMacro(file, macroNameOf(groups!), find))
}

export function macroNameOf(groups: Readonly<Record<string, string | undefined>>): string {
  const { kind, name, built, adapter = 'default' } = groups
  if (built !== undefined) return `materialization_${built}_${adapter}`
  return kind === 'macro' ? name! : `test_${name}`
}

class UnparsedMacro implements MacroDefinition {
  readonly uniqueId: string
  readonly packageName: string
  readonly name: string
  readonly #find: (name: string) => MacroDefinition

  constructor({ packageName }: MacroFile, name: string, find: (name: string) => MacroDefinition) {
    this.uniqueId = `macro.${packageName}.${name}`
    this.packageName = packageName
    this.name = name
    this.#find = find
  }

  get template(): Template {
    return this.#find(this.name).template
  }

  get syntax(): Macro {
    return this.#find(this.name).syntax
  }

  get code(): MacroCode {
    return this.#find(this.name).code
  }
}

const bound: unique symbol = Symbol('bound macros')

interface BoundContext {
  [bound]: BoundMacros
}

/** The macros as one node sees them; each is bound when it is first used. */
class BoundMacros {
  readonly #bind: (macro: MacroDefinition) => MacroValue
  readonly #values = new Map<MacroDefinition, MacroValue>()
  readonly #packages = new Map<string, object>()

  constructor(makeBinder: () => MacroBinder) {
    // The context comes to be after its macros.
    let binder: MacroBinder | undefined
    this.#bind = ({ code, template }) => (binder ??= makeBinder()).bind(code, template.name)
  }

  valueOf(macro: MacroDefinition): unknown {
    let value = this.#values.get(macro)
    if (value === undefined) {
      value = this.#bind(macro)
      this.#values.set(macro, value)
    }
    return value
  }

  /** `dbt_utils` in `dbt_utils.star(…)`. */
  packageOf(name: string, macros: Macros): object {
    const known = this.#packages.get(name)
    if (known !== undefined) return known
    const namespace = Object.create(null) as object
    for (const macro of macros.values()) {
      Object.defineProperty(namespace, macro.name, {
        enumerable: true,
        configurable: true,
        get: () => this.valueOf(macro),
      })
    }
    this.#packages.set(name, namespace)
    return namespace
  }
}

/** The value of a macro in a context. */
export function boundMacro(context: object, macro: MacroDefinition): unknown {
  return (context as BoundContext)[bound].valueOf(macro)
}

/** What a name means in a context, but for the node's own names and what was put in the place of macros there. */
export function macroNamed(context: object, name: string): unknown {
  return Reflect.get(Object.getPrototypeOf(context) as object, name, context)
}

function parseMacroFile(environment: Environment, path: string, text: string): Template {
  try {
    return environment.parse(text, path)
  } catch (error) {
    throw templateFault(error)
  }
}

/** A template's syntax error as a fault of the project; anything else as it is. */
export function templateFault(error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error
  return projectInvalid([{ file: error.templateName, line: error.line, column: error.column, message: error.reason }])
}
