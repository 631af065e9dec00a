import type { MacroLibrary } from '../context/macro-library.ts'
import { walk } from '../jinja/ast-walk.ts'
import type { Call, Node } from '../jinja/ast.ts'
import type { Template } from '../jinja/environment.ts'

/** Among the names of a template: it may ask for a macro by a name that only its rendering tells. */
export const anyName = '*'

/** Notes which macros a node's own template names. What macros call in turn does not count: they have their own lists. */
export class MacroWatch {
  readonly #library: MacroLibrary
  readonly #packageName: string
  readonly #packages: ReadonlySet<string>
  readonly #called = new Set<string>()
  readonly #names = new Set<string>()

  constructor(library: MacroLibrary, packageName: string) {
    this.#library = library
    this.#packageName = packageName
    this.#packages = packagesOf(library)
  }

  /** Unique ids in the order of their first use. */
  get called(): string[] {
    return [...this.#called]
  }

  /** All that the template asked for by a name, whether or not it is a macro yet. */
  get names(): string[] {
    return [...this.#names]
  }

  /** The context for the node's template. Macros see the context itself, so that their look-ups are not noted. */
  around(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return new Proxy<Record<string, unknown>>(context, {
      get: (target, key) => {
        if (typeof key !== 'string') return Reflect.get(target, key)
        this.#names.add(key)
        const macro = Object.hasOwn(target, key) ? undefined : this.#library.find(key, this.#packageName)
        if (macro !== undefined) this.#called.add(macro.uniqueId)
        const value = Reflect.get(target, key)
        return macro === undefined && this.#packages.has(key) ? this.#aroundPackage(key, value) : value
      },
    })
  }

  /** Implementations that the template asks `adapter.dispatch` for by a literal name. */
  addDispatched(template: Template): void {
    if (!template.tree.source.includes('dispatch')) return
    for (const call of dispatches(template.tree.body)) {
      const macro = dispatched(call, this.#library, this.#packageName)
      if (macro !== undefined) this.#called.add(macro.uniqueId)
      this.#names.add(dispatchedName(call) ?? anyName)
    }
  }

  #aroundPackage(packageName: string, macros: unknown): unknown {
    if (typeof macros !== 'object' || macros === null) return macros
    return new Proxy(macros, {
      get: (target, key) => {
        const macro = typeof key === 'string' ? this.#library.findIn(packageName, key) : undefined
        if (typeof key === 'string') this.#names.add(key)
        if (macro !== undefined) this.#called.add(macro.uniqueId)
        return Reflect.get(target, key) as unknown
      },
    })
  }
}

/**
 * The macros that a macro's text names in calls: dbt finds them without executing it. Names that are variables of the
 * macro itself are looked up all the same, as in dbt.
 */
export function macrosNamed(
  body: readonly Node[],
  library: MacroLibrary,
  { name: own, packageName }: { readonly name: string; readonly packageName: string },
): string[] {
  const found = new Set<string>()
  /** A macro does not count among those that it needs, nor does another one of its name. */
  const addNamed = (name: string | undefined) => {
    const macro = name === undefined || name === own ? undefined : library.find(name, packageName)
    if (macro !== undefined) found.add(macro.uniqueId)
  }
  for (const node of walk(body)) {
    if (node.kind !== 'Call') continue
    const { callee } = node
    if (callee.kind === 'Name') {
      addNamed(callee.name)
    } else if (callee.kind === 'Attribute' && callee.object.kind === 'Name') {
      const isDispatch = callee.object.name === 'adapter' && callee.name === 'dispatch'
      // dbt looks for the macro of the very name too, besides the one that the dispatch would come to.
      if (isDispatch) addNamed(dispatchedName(node))
      const macro = isDispatch
        ? dispatched(node, library, packageName)
        : library.findIn(callee.object.name, callee.name)
      if (macro !== undefined) found.add(macro.uniqueId)
    }
  }
  return [...found]
}

function* dispatches(body: readonly Node[]): Generator<Call> {
  for (const node of walk(body)) {
    if (node.kind !== 'Call' || node.callee.kind !== 'Attribute') continue
    const { object, name } = node.callee
    if (name === 'dispatch' && object.kind === 'Name' && object.name === 'adapter') yield node
  }
}

function dispatched({ arguments: args }: Call, library: MacroLibrary, packageName: string) {
  const name = dispatchedName({ arguments: args })
  return name === undefined ? undefined : library.dispatch(name, literal(args, 1, 'macro_namespace'), packageName)
}

function dispatchedName({ arguments: args }: Pick<Call, 'arguments'>): string | undefined {
  return literal(args, 0, 'macro_name')
}

function literal(args: Call['arguments'], position: number, name: string): string | undefined {
  const value = args.positional[position] ?? args.keywords.find((keyword) => keyword.name === name)?.value
  return value?.kind === 'Constant' && typeof value.value === 'string' ? value.value : undefined
}

const packageNames = new WeakMap<MacroLibrary, ReadonlySet<string>>()

function packagesOf(library: MacroLibrary): ReadonlySet<string> {
  const known = packageNames.get(library)
  if (known !== undefined) return known
  const names = new Set([...library.definitions()].map((macro) => macro.packageName))
  packageNames.set(library, names)
  return names
}
