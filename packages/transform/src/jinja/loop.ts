import { type Eventual, andThen } from './eventual.ts'
import type { Run } from './frame.ts'
import { type HostObject, attributeOf, lengthOf, runObject, truthOf, typeNameOf } from './protocol.ts'
import { PyTuple } from './python-collections.ts'
import { isEqual, sizeOf } from './python-object.ts'
import { NativeFunction } from './signature.ts'
import { typeError } from './template-error.ts'

const nothing = Symbol('nothing')

interface LoopSource {
  readonly run: Run
  /** The value that is looped over, for its length. */
  readonly iterable: unknown
  /** Takes the next item that passes the loop's condition. */
  readonly pull: () => Eventual<IteratorResult<unknown, void>>
  /** The same where it must not wait. */
  readonly pullNow: () => IteratorResult<unknown, void>
  readonly isFiltered: boolean
  readonly depth0: number
  /** Renders the body for other items; absent when the loop is not recursive. */
  readonly recurse: ((args: readonly unknown[], depth0: number) => Eventual<unknown>) | undefined
}

/** The variable `loop`. It takes items from the source one at a time, and looks one ahead only when it is asked to. */
export class Loop implements HostObject {
  readonly #source: LoopSource
  readonly #ahead: unknown[] = []
  #length: number | undefined
  #index0 = -1
  #previous: unknown = nothing
  #current: unknown = nothing
  #lastChanged: unknown = nothing
  readonly [typeNameOf] = 'LoopContext'

  constructor(source: LoopSource) {
    this.#source = source
  }

  /** Moves to the next item and returns whether there is one. */
  advance(): Eventual<boolean> {
    if (this.#ahead.length > 0) return this.#moveTo(this.#ahead.shift())
    return andThen(this.#source.pull(), (step) => this.#moveTo(itemOf(step)))
  }

  #moveTo(item: unknown): boolean {
    if (item === nothing) return false
    this.#index0 += 1
    this.#previous = this.#current
    this.#current = item
    return true
  }

  get current(): unknown {
    return this.#current
  }

  #peek(): unknown {
    if (this.#ahead.length === 0) this.#ahead.push(itemOf(this.#source.pullNow()))
    return this.#ahead[0]
  }

  get #total(): number {
    this.#length ??= (this.#source.isFiltered ? undefined : sizeOf(this.#source.iterable)) ?? this.#countAll()
    return this.#length
  }

  /** Without a length all remaining items are taken into memory. */
  #countAll(): number {
    while (this.#ahead.at(-1) !== nothing) this.#ahead.push(itemOf(this.#source.pullNow()))
    return this.#index0 + this.#ahead.length
  }

  [attributeOf](name: string): unknown {
    switch (name) {
      case 'index':
        return this.#index0 + 1
      case 'index0':
        return this.#index0
      case 'revindex':
        return this.#total - this.#index0
      case 'revindex0':
        return this.#total - this.#index0 - 1
      case 'first':
        return this.#index0 === 0
      case 'last':
        return this.#peek() === nothing
      case 'length':
        return this.#total
      case 'depth':
        return this.#source.depth0 + 1
      case 'depth0':
        return this.#source.depth0
      case 'previtem':
        return this.#index0 === 0 ? this.#undefined('there is no previous item') : this.#previous
      case 'nextitem':
        return this.#peek() === nothing ? this.#undefined('there is no next item') : this.#peek()
      case 'cycle':
        return new NativeFunction('cycle', '*', (...values: unknown[]) => this.#cycle(values))
      case 'changed':
        return new NativeFunction('changed', '*', (...values: unknown[]) => this.#changed(values))
      default:
        return undefined
    }
  }

  #undefined(hint: string): unknown {
    return this.#source.run.undefined({ hint })
  }

  #cycle(values: readonly unknown[]): unknown {
    if (values.length === 0) throw typeError('no items for cycling given')
    return values[this.#index0 % values.length]
  }

  #changed(values: readonly unknown[]): boolean {
    const value = new PyTuple(values)
    const hasChanged = this.#lastChanged === nothing || !isEqual(this.#lastChanged, value)
    if (hasChanged) this.#lastChanged = value
    return hasChanged
  }

  [runObject](args: readonly unknown[]): Eventual<unknown> {
    const { recurse, depth0 } = this.#source
    if (!recurse) throw typeError("The loop must have the 'recursive' marker to be called recursively.")
    return recurse(args, depth0 + 1)
  }

  [lengthOf](): number {
    return this.#total
  }

  [truthOf](): boolean {
    return this.#total > 0
  }

  toString(): string {
    return `<LoopContext ${this.#index0 + 1}/${this.#total}>`
  }
}

function itemOf(step: IteratorResult<unknown, void>): unknown {
  return step.done ? nothing : step.value
}
