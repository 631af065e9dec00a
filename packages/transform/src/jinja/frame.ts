import type { Node } from './ast.ts'
import type { MacroReturn } from './error-location.ts'
import type { Eventual } from './eventual.ts'
import type { KeywordArguments } from './protocol.ts'
import { textOf } from './python-text.ts'
import { OperationError } from './template-error.ts'
import { Undefined, type UndefinedFacts, type UndefinedMode } from './undefined-value.ts'

export interface UndefinedFactory {
  undefined(facts: UndefinedFacts): Undefined
}

/** What filters and tests written in TypeScript may ask of the environment. */
export interface FilterEnvironment extends UndefinedFactory {
  callFilter(name: string, args: readonly unknown[], kwargs: KeywordArguments): unknown
  callTest(name: string, args: readonly unknown[], kwargs: KeywordArguments): unknown
  /** `value[key]` as templates see it. */
  getItem(value: unknown, key: unknown): unknown
  /** The attribute alone, without falling back to items. */
  getAttribute(value: unknown, name: string): unknown
  has(kind: 'filter' | 'test', name: string): boolean
}

/** The values that a template sees besides its own: a plain object, whose getters and prototypes may be lazy layers. */
export type TemplateContext = Readonly<Record<string, unknown>>

export interface RenderLimits {
  /** Statements, loop turns and calls that one rendering may execute. */
  readonly stepsMax: number
  /** Macros and turns of recursive loops that may be inside one another. */
  readonly depthMax: number
}

/** How many steps pass between two looks at the abort signal. */
const abortCheckInterval = 256

/** What one rendering has used of its limits. A macro is charged to the rendering that calls it. */
export class Budget {
  readonly signal: AbortSignal | undefined
  readonly #limits: RenderLimits
  #steps = 0
  #depth = 0

  constructor(limits: RenderLimits, signal: AbortSignal | undefined) {
    this.#limits = limits
    this.signal = signal
  }

  step(): void {
    this.#steps += 1
    const { stepsMax } = this.#limits
    if (this.#steps > stepsMax) throw new OperationError('limit', `the template takes more than ${stepsMax} steps`)
    if (this.#steps % abortCheckInterval === 0) this.signal?.throwIfAborted()
  }

  enter(): void {
    const { depthMax } = this.#limits
    if (this.#depth >= depthMax) {
      throw new OperationError('limit', `macros call one another more than ${depthMax} levels deep`)
    }
    this.#depth += 1
  }

  leave(): void {
    this.#depth -= 1
  }
}

interface RunOptions {
  readonly filters: FilterEnvironment
  readonly globals: TemplateContext
  readonly context: TemplateContext
  readonly undefinedMode: UndefinedMode
}

/** A template together with a context. Macros keep the run that created them and see its names. */
export class Run {
  readonly filters: FilterEnvironment
  readonly #options: RunOptions

  constructor(options: RunOptions) {
    this.#options = options
    this.filters = options.filters
  }

  undefined(facts: UndefinedFacts): Undefined {
    return new Undefined(this.#options.undefinedMode, facts)
  }

  /** A name that the template itself does not define, or undefined. */
  lookup(name: string): unknown {
    const value = ownValue(this.#options.context, name)
    return value === undefined ? ownValue(this.#options.globals, name) : value
  }
}

/** A property, unless it is one that every object has. A property that is null is the template's none. */
function ownValue(object: TemplateContext, name: string): unknown {
  const value = object[name]
  return value === undefined || value === (Object.prototype as unknown as TemplateContext)[name] ? undefined : value
}

/** The variables of one block, on top of those around it. */
export class Scope {
  readonly #parent: Scope | undefined
  /** Most macros have none. */
  #variables: Map<string, unknown> | undefined

  constructor(parent?: Scope) {
    this.#parent = parent
  }

  get variables(): ReadonlyMap<string, unknown> {
    return this.#variables ?? new Map()
  }

  get(name: string): unknown {
    // oxlint-disable-next-line typescript/no-this-alias -- the walk up the chain starts here
    let scope: Scope | undefined = this
    while (scope) {
      const value = scope.#variables?.get(name)
      if (value !== undefined) return value
      scope = scope.#parent
    }
    return undefined
  }

  set(name: string, value: unknown): void {
    this.#variables ??= new Map()
    this.#variables.set(name, value ?? null)
  }
}

/** Where printed values go. */
export interface OutputSink {
  write(value: unknown): void
}

export class TextOutput implements OutputSink {
  text = ''

  write(value: unknown): void {
    this.text += typeof value === 'string' ? value : textOf(value)
  }
}

/** Keeps what is printed as values, for a host that wants `{{ [1, 2] }}` as a list. */
export class ValueOutput implements OutputSink {
  readonly values: unknown[] = []

  write(value: unknown): void {
    this.values.push(value)
  }
}

/** The execution of one template body or macro: the place it has got to is where an error is reported. */
export interface Activation {
  readonly run: Run
  readonly budget: Budget
  readonly templateName: string
  node: Node | undefined
  /** Whether a promise that a function of the host returns is awaited; else it is an error. */
  mayWait: boolean
}

/** An activation with the scope and the output of the current block. */
export interface Frame {
  readonly activation: Activation
  readonly scope: Scope
  readonly output: OutputSink
}

export function innerFrame(frame: Frame, output: OutputSink = frame.output): Frame {
  return { activation: frame.activation, scope: new Scope(frame.scope), output }
}

/** How a body ended: at its end, by a loop control that concerns a loop further out, or with the value of its macro. */
export type Completion = 'end' | 'break' | 'continue' | MacroReturn

/** A part of a template in the form in which it is executed. */
export type Code<Result = unknown> = (frame: Frame) => Eventual<Result>
