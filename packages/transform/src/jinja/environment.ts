/**
 * A template engine that is compatible with Python's Jinja2 3.1 and knows nothing of what it is used for.
 *
 * ```ts
 * const environment = createEnvironment({ globals: { greet: (name: unknown) => `Hello ${String(name)}` } })
 * const template = environment.parse('{% set x = [1, 2] %}{{ greet("you") }} {{ x }}', 'models/a.sql')
 * template.render({})                          // 'Hello you [1, 2]'; a promise anywhere is an error
 * await template.renderAsync({})               // the same; promises that functions return are awaited
 * template.macros                              // what `{% macro %}` and the host's own block tags define
 * template.module(context).macros.get('m')     // a MacroValue: give it to templates, or `.call([1], { b: 2 })` it
 * ```
 *
 * Values: strings, booleans, null (none), arrays (lists) and plain objects (dicts, written through) are used as they are.
 * An integral JavaScript number is an int; PyFloat is a float with an integral value; PyTuple, PyDict and PySet are
 * Python's. Functions get positional arguments; `new NativeFunction(name, 'a b? *', body)` also takes keywords and reports
 * wrong ones. Objects of classes show their properties and methods; protocol.ts lists what else they may define.
 * A host function that gives `returnFromMacro(value)` ends the calling macro with that value.
 *
 * Known differences from Jinja2: nothing is escaped automatically, and `escape`, `safe` and `tojson` give plain strings;
 * the tags that load other templates, `autoescape` and the filters that write HTML (`urlize`, `xmlattr`, `striptags`) are
 * absent; sets keep the order of insertion; expressions of constants are not evaluated ahead of time; `{% for a, in x %}`
 * is accepted. interop/jinja-oracle.ts compares the two.
 */
import type { Macro, TemplateTree } from './ast.ts'
import { walk } from './ast-walk.ts'
import { getAttributeOnly, getItem } from './attributes.ts'
import { builtinTests } from './builtin-tests.ts'
import { callDirectly } from './call.ts'
import { MacroReturn, locateError, unwind } from './error-location.ts'
import { type Eventual, andThen, guard, immediate } from './eventual.ts'
import {
  type Activation,
  Budget,
  type Code,
  type FilterEnvironment,
  type Frame,
  type RenderLimits,
  Run,
  Scope,
  type TemplateContext,
  TextOutput,
  ValueOutput,
} from './frame.ts'
import { builtinGlobals } from './globals.ts'
import { type MacroCode, MacroValue } from './macro.ts'
import { checkNames } from './name-check.ts'
import { numberFilters } from './number-filters.ts'
import type { KeywordArguments } from './protocol.ts'
import { selectionFilters } from './selection-filters.ts'
import { sequenceFilters } from './sequence-filters.ts'
import type { NativeFunction } from './signature.ts'
import { bodyCode } from './statement-code.ts'
import { type TagParser, parseTemplate } from './statement-parser.ts'
import { OperationError } from './template-error.ts'
import { textFilters } from './text-filters.ts'
import { Undefined, type UndefinedFacts, type UndefinedMode } from './undefined-value.ts'

export interface EnvironmentOptions {
  /** Names that every template sees, beside Jinja2's range, dict, namespace, cycler and joiner. A context goes before them. */
  readonly globals?: TemplateContext
  /** Further filters: functions of the value and the arguments, or objects with `callObject`. May return promises. */
  readonly filters?: Readonly<Record<string, unknown>>
  /** Further tests. They must answer at once. */
  readonly tests?: Readonly<Record<string, unknown>>
  /** Block tags of the host: each parses itself, usually into a macro by `parser.parseMacro`. */
  readonly tags?: Readonly<Record<string, TagParser>>
  /** What an unknown name is. Default `default`; a rendering can choose another. */
  readonly undefined?: UndefinedMode
  /** Default: 10,000,000 steps and 200 levels of macros. */
  readonly limits?: Partial<RenderLimits>
}

export interface RenderOptions {
  /** Ends the rendering with the signal's reason. Default: never. */
  readonly signal?: AbortSignal
  /** Default: the environment's. */
  readonly undefined?: UndefinedMode
}

const defaultLimits: RenderLimits = { stepsMax: 10_000_000, depthMax: 200 }

export function createEnvironment(options: EnvironmentOptions = {}): Environment {
  return new Environment(options)
}

export class Environment {
  readonly #options: EnvironmentOptions
  readonly #builtinFilters: ReadonlyMap<string, NativeFunction>
  readonly #globals: TemplateContext

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.#builtinFilters = new Map([...textFilters, ...numberFilters, ...sequenceFilters, ...selectionFilters])
    this.#globals = { ...builtinGlobals, ...options.globals }
  }

  /**
   * Parses a template. `name` appears in errors, and is best the file's path.
   * @throws TemplateError of kind `syntax`, or `assertion` for an unknown filter or test
   */
  parse(source: string, name = '<template>'): Template {
    const tree = parseTemplate(source, name, { tags: this.#options.tags ?? {} })
    checkNames(tree, { has: (kind, filterOrTest) => this.hasName(kind, filterOrTest) })
    return new Template(this, tree)
  }

  /** Binds macros to a context, each as a template of its own: what it calls is found there, and not in its file. */
  macroBinder(context: TemplateContext, options: RenderOptions = {}): MacroBinder {
    return new MacroBinder(this.startActivation('', context, { ...options, mayWait: true }))
  }

  hasName(kind: 'filter' | 'test', name: string): boolean {
    const own = kind === 'filter' ? this.#options.filters : this.#options.tests
    const builtin = kind === 'filter' ? this.#builtinFilters : builtinTests
    return (own !== undefined && Object.hasOwn(own, name)) || builtin.has(name)
  }

  /** @internal */
  startActivation(
    templateName: string,
    context: TemplateContext,
    { mayWait, ...options }: RenderOptions & Pick<Activation, 'mayWait'>,
  ): Activation {
    const undefinedMode = options.undefined ?? this.#options.undefined ?? 'default'
    const filters = new RunFilters(this, undefinedMode)
    const run = new Run({ filters, globals: this.#globals, context, undefinedMode })
    const budget = new Budget({ ...defaultLimits, ...this.#options.limits }, options.signal)
    return { run, budget, templateName, node: undefined, mayWait }
  }

  /** @internal */
  callNamed(
    kind: 'filter' | 'test',
    name: string,
    args: readonly unknown[],
    kwargs: KeywordArguments,
    filters: FilterEnvironment,
  ): unknown {
    const own = kind === 'filter' ? this.#options.filters : this.#options.tests
    if (own && Object.hasOwn(own, name)) return callDirectly(own[name], args, kwargs)
    const builtin = (kind === 'filter' ? this.#builtinFilters : builtinTests).get(name)
    if (!builtin) throw new OperationError('runtime', `No ${kind} named '${name}' found.`)
    return builtin.callOn(args, kwargs, filters)
  }
}

/** The view of the environment that filters get. */
class RunFilters implements FilterEnvironment {
  readonly #environment: Environment
  readonly #undefinedMode: UndefinedMode

  constructor(environment: Environment, undefinedMode: UndefinedMode) {
    this.#environment = environment
    this.#undefinedMode = undefinedMode
  }

  undefined(facts: UndefinedFacts): Undefined {
    return new Undefined(this.#undefinedMode, facts)
  }

  callFilter(name: string, args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#environment.callNamed('filter', name, args, kwargs, this)
  }

  callTest(name: string, args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#environment.callNamed('test', name, args, kwargs, this)
  }

  has(kind: 'filter' | 'test', name: string): boolean {
    return this.#environment.hasName(kind, name)
  }

  getItem(value: unknown, key: unknown): unknown {
    return getItem(value, key, this)
  }

  getAttribute(value: unknown, name: string): unknown {
    return getAttributeOnly(value, name, this)
  }
}

/** Macros of one context. What they use of their limits without a caller in a template is counted together. */
export class MacroBinder {
  readonly #activation: Activation

  /** @internal */
  constructor(activation: Activation) {
    this.#activation = activation
  }

  bind(code: MacroCode, templateName: string): MacroValue {
    const scope = new Scope()
    const macro = new MacroValue(code, {
      activation: { ...this.#activation, templateName },
      scope,
      output: new TextOutput(),
    })
    // Jinja2's, in which a macro is a variable of its template: whatever the context calls by its name, it calls itself.
    if (code.name !== undefined) scope.set(code.name, macro)
    return macro
  }
}

/** What executing a template defined, and what it printed meanwhile. */
export interface TemplateModule {
  readonly text: string
  /** Macros and variables set at the top level, without those whose name begins with an underscore. */
  readonly exports: ReadonlyMap<string, unknown>
  /** All macros of the top level. */
  readonly macros: ReadonlyMap<string, MacroValue>
}

/** A parsed template. It holds no state: any number of renderings may go on at once. */
export class Template {
  readonly tree: TemplateTree
  readonly #environment: Environment
  #code: Code | undefined

  constructor(environment: Environment, tree: TemplateTree) {
    this.#environment = environment
    this.tree = tree
  }

  get name(): string {
    return this.tree.name
  }

  /** All macros of the template, also those inside blocks, in the order of the text. */
  get macros(): Macro[] {
    return walk(this.tree.body).filter((node) => node.kind === 'Macro')
  }

  /** @throws TemplateError */
  render(context: TemplateContext, options: RenderOptions = {}): string {
    const output = new TextOutput()
    this.#runNow(this.#frame(context, { ...options, output, mayWait: false }))
    return output.text
  }

  /**
   * Renders and awaits the promises that functions and filters of the host return.
   * @throws TemplateError, or the signal's reason
   */
  async renderAsync(context: TemplateContext, options: RenderOptions = {}): Promise<string> {
    const output = new TextOutput()
    await this.#run(this.#frame(context, { ...options, output, mayWait: true }))
    return output.text
  }

  /** Renders into the values that are printed, text between them included: for `{{ [1, 2] }}` that is one list. */
  renderValues(context: TemplateContext, options: RenderOptions = {}): unknown[] {
    const output = new ValueOutput()
    this.#runNow(this.#frame(context, { ...options, output, mayWait: false }))
    return output.values
  }

  /** Executes the template for what it defines. Its macros may wait when they are called in asynchronous rendering. */
  module(context: TemplateContext, options: RenderOptions = {}): TemplateModule {
    const output = new TextOutput()
    const frame = this.#frame(context, { ...options, output, mayWait: false })
    this.#runNow(frame)
    return moduleOf(frame.scope, output)
  }

  async moduleAsync(context: TemplateContext, options: RenderOptions = {}): Promise<TemplateModule> {
    const output = new TextOutput()
    const frame = this.#frame(context, { ...options, output, mayWait: true })
    await this.#run(frame)
    return moduleOf(frame.scope, output)
  }

  #frame(
    context: TemplateContext,
    { output, ...options }: RenderOptions & Pick<Frame, 'output'> & Pick<Activation, 'mayWait'>,
  ): Frame {
    return { activation: this.#environment.startActivation(this.name, context, options), scope: new Scope(), output }
  }

  #runNow(frame: Frame): void {
    try {
      immediate(this.#run(frame))
    } catch (error) {
      throw locateError(error, frame.activation)
    }
  }

  #run(frame: Frame): Eventual<unknown> {
    frame.activation.budget.signal?.throwIfAborted()
    this.#code ??= bodyCode(this.tree.body)
    const code = this.#code
    return guard(() => andThen(code(frame), unwind), {
      failed: (error) => {
        if (!(error instanceof MacroReturn)) throw locateError(error, frame.activation)
        const outside = new OperationError('runtime', 'a value can be returned from a macro only')
        throw locateError(outside, frame.activation)
      },
    })
  }
}

function moduleOf(scope: Scope, output: TextOutput): TemplateModule {
  const exports = new Map([...scope.variables].filter(([name]) => !name.startsWith('_')))
  const macros = new Map<string, MacroValue>()
  for (const [name, value] of scope.variables) if (value instanceof MacroValue) macros.set(name, value)
  return { text: output.text, exports, macros }
}
