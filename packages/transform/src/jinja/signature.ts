import { type HostObject, type KeywordArguments, callObject, reprOf, typeNameOf } from './protocol.ts'
import { typeError } from './template-error.ts'

/**
 * The parameters of a function written in TypeScript. In its text form names are separated by spaces: `name` is required,
 * `name?` optional, `*` takes any further positional values and `/` ends the names that cannot be given as keywords.
 */
interface Signature {
  readonly names: readonly string[]
  readonly requiredCount: number
  readonly positionalOnlyCount: number
  readonly takesRest: boolean
}

/** Functions are made anew for each node; their signatures are a few hundred texts. */
const signatures = new Map<string, Signature>()

function signatureOf(text: string): Signature {
  let signature = signatures.get(text)
  if (signature === undefined) {
    signature = parseSignature(text)
    signatures.set(text, signature)
  }
  return signature
}

function parseSignature(text: string): Signature {
  const words = text.split(' ').filter((word) => word !== '')
  const positionalOnlyCount = Math.max(0, words.indexOf('/'))
  const names = words.filter((word) => word !== '*' && word !== '/')
  return {
    names: names.map((name) => name.replace('?', '')),
    requiredCount: names.filter((name) => !name.endsWith('?')).length,
    positionalOnlyCount,
    takesRest: words.includes('*'),
  }
}

/** Brings arguments into the order of the parameters; what was not given is undefined. */
function bindArguments(
  name: string,
  signature: Signature,
  args: readonly unknown[],
  kwargs: KeywordArguments,
): unknown[] {
  const { names, requiredCount, positionalOnlyCount, takesRest } = signature
  if (args.length > names.length && !takesRest) {
    throw typeError(`${name}() takes at most ${names.length} argument(s) but ${args.length} were given`)
  }
  const values: unknown[] = takesRest ? [...args] : args.slice(0, names.length)
  for (const keyword of Object.keys(kwargs)) {
    const index = names.indexOf(keyword)
    if (index < positionalOnlyCount) throw typeError(`${name}() got an unexpected keyword argument '${keyword}'`)
    if (index < args.length) throw typeError(`${name}() got multiple values for argument '${keyword}'`)
    values[index] = kwargs[keyword]
  }
  for (let index = 0; index < requiredCount; index += 1) {
    if (values[index] === undefined) throw typeError(`${name}() missing a required argument: '${names[index]}'`)
  }
  return values
}

/** A function that templates can call, with named parameters and Python's errors for wrong arguments. */
export class NativeFunction implements HostObject {
  readonly name: string
  readonly #signature: Signature
  readonly #body: (...values: never[]) => unknown
  readonly [typeNameOf] = 'builtin_function_or_method'

  constructor(name: string, signature: string, body: (...values: never[]) => unknown) {
    this.name = name
    this.#signature = signatureOf(signature)
    this.#body = body
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.callOn(args, kwargs)
  }

  /** Calls the function with leading values that are not among its parameters: the object of a method, for one. */
  callOn(args: readonly unknown[], kwargs: KeywordArguments, ...leading: readonly unknown[]): unknown {
    const values = bindArguments(this.name, this.#signature, args, kwargs)
    return this.#body(...(leading as never[]), ...(values as never[]))
  }

  [reprOf](): string {
    return `<built-in function ${this.name}>`
  }
}

/** A method together with the object it was read from. */
export class BoundMethod implements HostObject {
  readonly #method: NativeFunction
  readonly #object: unknown
  readonly [typeNameOf] = 'builtin_function_or_method'

  constructor(method: NativeFunction, object: unknown) {
    this.#method = method
    this.#object = object
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#method.callOn(args, kwargs, this.#object)
  }

  [reprOf](): string {
    return `<built-in method ${this.#method.name}>`
  }
}

/** A table of functions by name, safe against names such as "constructor". */
export function functionTable(...functions: readonly NativeFunction[]): ReadonlyMap<string, NativeFunction> {
  return new Map(functions.map((item) => [item.name, item]))
}
