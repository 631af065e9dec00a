import { pairsOf } from './dict-methods.ts'
import { KeywordFunction } from './keyword-function.ts'
import { Namespace } from './namespace.ts'
import { type HostObject, type KeywordArguments, attributeOf, callObject, typeNameOf } from './protocol.ts'
import { PyDict, PyRange } from './python-collections.ts'
import { expectIndex } from './python-number.ts'
import { typeName } from './python-text.ts'
import { NativeFunction } from './signature.ts'
import { OperationError, typeError, valueError } from './template-error.ts'

/** Goes through its items again and again: `{% set row = cycler('odd', 'even') %}{{ row.next() }}`. */
class Cycler implements HostObject {
  readonly #items: readonly unknown[]
  #position = 0
  readonly [typeNameOf] = 'Cycler'

  constructor(items: readonly unknown[]) {
    this.#items = items
  }

  [attributeOf](name: string): unknown {
    switch (name) {
      case 'current':
        return this.#items[this.#position]
      case 'next':
        return new NativeFunction('next', '', () => this.#next())
      case 'reset':
        return new NativeFunction('reset', '', () => {
          this.#position = 0
        })
      case 'pos':
        return this.#position
      default:
        return undefined
    }
  }

  #next(): unknown {
    const item = this.#items[this.#position]
    this.#position = (this.#position + 1) % this.#items.length
    return item
  }
}

/** Empty at the first call, the separator at every later one. */
class Joiner implements HostObject {
  readonly #separator: unknown
  #isUsed = false
  readonly [typeNameOf] = 'Joiner'

  constructor(separator: unknown) {
    this.#separator = separator
  }

  [callObject](): unknown {
    if (this.#isUsed) return this.#separator
    this.#isUsed = true
    return ''
  }
}

function makeRange(args: readonly unknown[], kwargs: KeywordArguments): PyRange {
  if (Object.keys(kwargs).length > 0) throw typeError('range() takes no keyword arguments')
  if (args.length === 0) throw typeError('range expected at least 1 argument, got 0')
  if (args.length > 3) throw typeError(`range expected at most 3 arguments, got ${args.length}`)
  const [first = 0, second = 0, step = 1] = args.map((value) => expectIndex(value, typeName(value)))
  if (step === 0) throw valueError('range() arg 3 must not be zero')
  return args.length === 1 ? new PyRange(0, first, 1) : new PyRange(first, second, step)
}

function makeDict(args: readonly unknown[], kwargs: KeywordArguments): PyDict {
  if (args.length > 1) throw typeError(`dict expected at most 1 argument, got ${args.length}`)
  const dict = new PyDict(args.length === 1 ? pairsOf(args[0]) : [])
  for (const [name, value] of Object.entries(kwargs)) dict.set(name, value)
  return dict
}

function makeNamespace(args: readonly unknown[], kwargs: KeywordArguments): Namespace {
  const entries = [...makeDict(args, kwargs).entries()].map(([key, value]) => [String(key), value] as const)
  return new Namespace(entries)
}

function makeCycler(args: readonly unknown[]): Cycler {
  if (args.length === 0) throw new OperationError('runtime', 'at least one item has to be provided')
  return new Cycler(args)
}

/** The names that every template sees; a host's own globals and the context go before them. */
export const builtinGlobals: Readonly<Record<string, unknown>> = {
  range: new KeywordFunction(makeRange),
  dict: new KeywordFunction(makeDict),
  namespace: new KeywordFunction(makeNamespace),
  cycler: new KeywordFunction(makeCycler),
  joiner: new NativeFunction('joiner', 'sep?', (separator: unknown = ', ') => new Joiner(separator)),
}
