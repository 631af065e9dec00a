import type { MacroCatches } from './ast.ts'
import { MacroReturn, addCaller, locateError, unwind } from './error-location.ts'
import { type Eventual, guard, repeat, andThen } from './eventual.ts'
import { type Activation, type Code, type Frame, Scope, TextOutput } from './frame.ts'
import {
  type HostObject,
  type KeywordArguments,
  attributeOf,
  callObject,
  reprOf,
  runObject,
  typeNameOf,
} from './protocol.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { reprOfValue } from './python-text.ts'
import { typeError } from './template-error.ts'

/** What a macro tag or a call block defines. The macro of a call block has no name. */
export interface MacroCode {
  readonly name: string | undefined
  readonly parameters: readonly ParameterCode[]
  readonly body: Code
  readonly catches: MacroCatches
}

/** `fallback` gives the value where the call does not. */
interface ParameterCode {
  readonly name: string
  readonly fallback: Code
}

/** The keywords of a call that has none; nothing is ever put into it. */
const noneLeft = new Map<string, unknown>()

/**
 * A macro together with the scope it was defined in. Templates call it; a host does with `call`, which returns a promise
 * only if the macro had to wait for something.
 */
export class MacroValue implements HostObject {
  readonly name: string | undefined
  readonly #code: MacroCode
  readonly #closure: Frame
  readonly [typeNameOf] = 'Macro'

  constructor(code: MacroCode, closure: Frame) {
    this.name = code.name
    this.#code = code
    this.#closure = closure
  }

  get parameterNames(): string[] {
    return this.#code.parameters.map((parameter) => parameter.name)
  }

  /** @throws TemplateError */
  call(args: readonly unknown[] = [], kwargs: KeywordArguments = {}): unknown {
    return this[runObject](args, kwargs)
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.call(args, kwargs)
  }

  [runObject](args: readonly unknown[], kwargs: KeywordArguments, caller?: Frame): Eventual<unknown> {
    const { run, templateName, budget: ownBudget } = this.#closure.activation
    const { budget, mayWait } = caller?.activation ?? { budget: ownBudget, mayWait: true }
    const activation: Activation = { run, budget, templateName, node: undefined, mayWait }
    const frame: Frame = { activation, scope: new Scope(this.#closure.scope), output: new TextOutput() }
    const missing = this.#bind(args, kwargs, frame)
    budget.enter()
    return guard(() => this.#execute(frame, missing), {
      failed: (error) => this.#returned(error, activation, caller),
      ended: () => budget.leave(),
    })
  }

  /** The value that a macro was ended with, unless it was an error that ended it. */
  #returned(error: unknown, activation: Activation, caller: Frame | undefined): unknown {
    if (error instanceof MacroReturn && this.name !== undefined) return error.value ?? null
    const located = locateError(error, activation)
    throw caller && this.name !== undefined ? addCaller(located, this.name, caller.activation) : located
  }

  #execute(frame: Frame, missing: readonly ParameterCode[]): Eventual<unknown> {
    if (missing.length === 0) return this.#executeBody(frame)
    const { scope, activation } = frame
    for (const { name } of missing) scope.set(name, activation.run.undefined({ name }))
    let index = 0
    const fill = (): Eventual<boolean> => {
      const parameter = missing[index]
      if (parameter === undefined) return false
      index += 1
      return andThen(parameter.fallback(frame), (value) => {
        scope.set(parameter.name, value)
        return true
      })
    }
    return andThen(repeat(fill), () => this.#executeBody(frame))
  }

  /** What a call block returns is the value of the macro around it. */
  #executeBody(frame: Frame): Eventual<unknown> {
    return andThen(this.#code.body(frame), (completion) => {
      if (!(completion instanceof MacroReturn)) return (frame.output as TextOutput).text
      return this.name === undefined ? unwind(completion) : (completion.value ?? null)
    })
  }

  /**
   * Jinja2's rules: keywords only for parameters that no positional value fills, the rest to kwargs, varargs and caller.
   * @returns the parameters that are left without a value
   */
  #bind(args: readonly unknown[], kwargs: KeywordArguments, { scope }: Frame): readonly ParameterCode[] {
    const { parameters, catches } = this.#code
    const missing: ParameterCode[] = []
    const keywords = Object.keys(kwargs)
    const rest = keywords.length === 0 ? noneLeft : new Map(keywords.map((name) => [name, kwargs[name]]))
    for (let index = 0; index < parameters.length; index += 1) {
      const parameter = parameters[index]!
      const { name } = parameter
      if (index < args.length) scope.set(name, args[index])
      else if (rest.has(name)) scope.set(name, rest.get(name))
      else missing.push(parameter)
      if (index >= args.length) rest.delete(name)
    }
    if (catches.caller && !parameters.some(({ name }) => name === 'caller')) {
      scope.set('caller', rest.get('caller') ?? this.#undefinedCaller())
      rest.delete('caller')
    }
    if (catches.kwargs) scope.set('kwargs', new PyDict(rest))
    else this.#refuseKeywords(rest)
    if (catches.varargs) scope.set('varargs', new PyTuple(args.slice(parameters.length)))
    else if (args.length > parameters.length) {
      throw typeError(`macro ${reprOfValue(this.name)} takes not more than ${parameters.length} argument(s)`)
    }
    return missing
  }

  #undefinedCaller(): unknown {
    return this.#closure.activation.run.undefined({ hint: 'No caller defined', name: 'caller' })
  }

  #refuseKeywords(rest: ReadonlyMap<string, unknown>): void {
    const [first] = rest.keys()
    if (first === undefined) return
    const name = reprOfValue(this.name)
    if (rest.has('caller')) {
      throw typeError(
        `macro ${name} was invoked with two values for the special caller argument. This is most likely a bug.`,
      )
    }
    throw typeError(`macro ${name} takes no keyword argument ${reprOfValue(first)}`)
  }

  [attributeOf](name: string): unknown {
    switch (name) {
      case 'name':
        return this.name ?? null
      case 'arguments':
        return new PyTuple(this.parameterNames)
      case 'catch_kwargs':
        return this.#code.catches.kwargs
      case 'catch_varargs':
        return this.#code.catches.varargs
      case 'caller':
        return this.#code.catches.caller
      default:
        return undefined
    }
  }

  [reprOf](): string {
    return this.name === undefined ? '<Macro anonymous>' : `<Macro ${reprOfValue(this.name)}>`
  }
}
