import { attributeOf, callObject, typeNameOf } from './protocol.ts'
import { OperationError } from './template-error.ts'

/**
 * - `default`: prints as nothing, is false and empty; an attribute, an item, a call or arithmetic raises.
 * - `strict`: everything raises but the test `defined`.
 * - `chainable`: as default, but attributes, items and calls are undefined again. For parsing a project whose values are
 *   not known yet.
 */
export type UndefinedMode = 'default' | 'strict' | 'chainable'

export interface UndefinedFacts {
  /** The whole message, where the standard one does not fit. */
  readonly hint?: string
  readonly name?: string
  /** What the name was looked up on, as it appears in the message. */
  readonly owner?: string
  /** Whether the name is a key other than a string, already as its repr. */
  readonly isElement?: boolean
}

/** The value of a name, attribute or item that does not exist. */
export class Undefined {
  readonly mode: UndefinedMode
  readonly #facts: UndefinedFacts
  readonly [typeNameOf] = 'Undefined'

  constructor(mode: UndefinedMode, facts: UndefinedFacts) {
    this.mode = mode
    this.#facts = facts
  }

  get reason(): string {
    const { hint, name = '', owner, isElement } = this.#facts
    if (hint !== undefined) return hint
    if (owner === undefined) return `'${name}' is undefined`
    return isElement ? `${owner} has no element ${name}` : `'${owner}' has no attribute '${name}'`
  }

  fail(): never {
    throw new OperationError('undefined', this.reason)
  }

  /** For what the default mode allows and the strict mode refuses: printing, truth, length, iteration, equality. */
  allowUse(): void {
    if (this.mode === 'strict') this.fail()
  }

  /** For attributes, items and calls. */
  chain(): Undefined {
    return this.mode === 'chainable' ? this : this.fail()
  }

  [attributeOf](): Undefined {
    return this.chain()
  }

  [callObject](): Undefined {
    return this.chain()
  }

  toString(): string {
    this.allowUse()
    return ''
  }
}
