import type { MacroCatches, Parameter, Statement } from './ast.ts'
import { drive } from './drive.ts'
import { MacroReturn, addCaller, locateError } from './error-location.ts'
import { evaluate } from './expression-evaluator.ts'
import { type Activation, type Frame, Scope, TextOutput } from './frame.ts'
import {
  type Evaluation,
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
interface MacroDefinition {
  readonly name: string | undefined
  readonly parameters: readonly Parameter[]
  readonly body: readonly Statement[]
  readonly catches: MacroCatches
}

/** Executes the body; handed in by the statement evaluator, which in turn creates macros. */
type BodyRunner = (body: readonly Statement[], frame: Frame) => Evaluation

/**
 * A macro together with the scope it was defined in. Templates call it; a host does with `call`, which returns a promise
 * only if the macro had to wait for something.
 */
export class MacroValue implements HostObject {
  readonly name: string | undefined
  readonly #definition: MacroDefinition
  readonly #closure: Frame
  readonly #runBody: BodyRunner
  readonly [typeNameOf] = 'Macro'

  constructor(definition: MacroDefinition, closure: Frame, runBody: BodyRunner) {
    this.name = definition.name
    this.#definition = definition
    this.#closure = closure
    this.#runBody = runBody
  }

  get parameterNames(): string[] {
    return this.#definition.parameters.map((parameter) => parameter.name)
  }

  /** @throws TemplateError */
  call(args: readonly unknown[] = [], kwargs: KeywordArguments = {}): unknown {
    return drive(this[runObject](args, kwargs), this.#closure.activation.budget.signal)
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.call(args, kwargs)
  }

  *[runObject](args: readonly unknown[], kwargs: KeywordArguments, caller?: Frame): Evaluation {
    const { run, templateName } = this.#closure.activation
    const budget = caller?.activation.budget ?? this.#closure.activation.budget
    const variables = this.#bind(args, kwargs)
    const activation: Activation = { run, budget, templateName, node: undefined }
    budget.enter()
    try {
      return yield* this.#execute(activation, variables)
    } catch (error) {
      if (error instanceof MacroReturn && this.name !== undefined) return error.value ?? null
      const located = locateError(error, activation)
      throw caller && this.name !== undefined ? addCaller(located, this.name, caller.activation) : located
    } finally {
      budget.leave()
    }
  }

  *#execute(activation: Activation, variables: BoundVariables): Evaluation {
    const scope = new Scope(this.#closure.scope)
    const output = new TextOutput()
    const frame: Frame = { activation, scope, output }
    for (const [name, value] of variables.given) scope.set(name, value)
    for (const { name } of variables.missing) scope.set(name, activation.run.undefined({ name }))
    for (const parameter of variables.missing) {
      const value = parameter.default
        ? yield* evaluate(parameter.default, frame)
        : activation.run.undefined({ hint: `parameter '${parameter.name}' was not provided` })
      scope.set(parameter.name, value)
    }
    yield* this.#runBody(this.#definition.body, frame)
    return output.text
  }

  /** Jinja2's rules: keywords only for parameters that no positional value fills, the rest to kwargs, varargs and caller. */
  #bind(args: readonly unknown[], kwargs: KeywordArguments): BoundVariables {
    const { parameters, catches } = this.#definition
    const given = new Map<string, unknown>()
    const missing: Parameter[] = []
    const rest = new Map(Object.entries(kwargs))
    for (const [index, parameter] of parameters.entries()) {
      if (index < args.length) given.set(parameter.name, args[index])
      else if (rest.has(parameter.name)) given.set(parameter.name, rest.get(parameter.name))
      else missing.push(parameter)
      if (index >= args.length) rest.delete(parameter.name)
    }
    if (catches.caller && !parameters.some(({ name }) => name === 'caller')) {
      given.set('caller', rest.get('caller') ?? this.#undefinedCaller())
      rest.delete('caller')
    }
    if (catches.kwargs) given.set('kwargs', new PyDict(rest))
    else this.#refuseKeywords(rest)
    if (catches.varargs) given.set('varargs', new PyTuple(args.slice(parameters.length)))
    else if (args.length > parameters.length) {
      throw typeError(`macro ${reprOfValue(this.name)} takes not more than ${parameters.length} argument(s)`)
    }
    return { given, missing }
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
        return this.#definition.catches.kwargs
      case 'catch_varargs':
        return this.#definition.catches.varargs
      case 'caller':
        return this.#definition.catches.caller
      default:
        return undefined
    }
  }

  [reprOf](): string {
    return this.name === undefined ? '<Macro anonymous>' : `<Macro ${reprOfValue(this.name)}>`
  }
}

interface BoundVariables {
  readonly given: ReadonlyMap<string, unknown>
  readonly missing: readonly Parameter[]
}
