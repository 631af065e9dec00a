import { getter } from './attribute-getter.ts'
import type { FilterEnvironment } from './frame.ts'
import type { HostObject, KeywordArguments } from './protocol.ts'
import { PyIterator } from './python-collections.ts'
import { isTrue, iterate } from './python-object.ts'
import { reprOfValue, textOf } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { OperationError } from './template-error.ts'

type Env = FilterEnvironment
type ItemFunction = (item: unknown) => unknown

/** Filters that apply another filter or a test to each item; they take any further argument for it. */
abstract class ItemFilter extends NativeFunction implements HostObject {
  constructor(name: string) {
    super(name, 'value *', () => null)
  }

  override callOn([value, ...args]: readonly unknown[], kwargs: KeywordArguments, env: unknown): unknown {
    return new PyIterator(this.walk(env as Env, value, args, kwargs))
  }

  protected abstract walk(
    env: Env,
    value: unknown,
    args: readonly unknown[],
    kwargs: KeywordArguments,
  ): Iterable<unknown>
}

class MapFilter extends ItemFilter {
  protected override *walk(
    env: Env,
    value: unknown,
    args: readonly unknown[],
    kwargs: KeywordArguments,
  ): Iterable<unknown> {
    if (!isTrue(value)) return
    const apply = mapper(env, args, kwargs)
    for (const item of iterate(value)) yield apply(item)
  }
}

function mapper(env: Env, args: readonly unknown[], kwargs: KeywordArguments): ItemFunction {
  if (args.length === 0 && 'attribute' in kwargs) {
    const { attribute, default: fallback, ...rest } = kwargs
    const [unexpected] = Object.keys(rest)
    if (unexpected !== undefined) throw wrongArgument(`Unexpected keyword argument ${reprOfValue(unexpected)}`)
    return getter(env, attribute, { fallback })
  }
  const [name, ...rest] = args
  if (name === undefined) throw wrongArgument('map requires a filter argument')
  return (item) => env.callFilter(textOf(name), [item, ...rest], kwargs)
}

class SelectFilter extends ItemFilter {
  readonly #negated: boolean
  readonly #byAttribute: boolean

  constructor(name: string, options: { negated: boolean; byAttribute: boolean }) {
    super(name)
    this.#negated = options.negated
    this.#byAttribute = options.byAttribute
  }

  protected override *walk(
    env: Env,
    value: unknown,
    args: readonly unknown[],
    kwargs: KeywordArguments,
  ): Iterable<unknown> {
    if (!isTrue(value)) return
    if (this.#byAttribute && args.length === 0) throw wrongArgument('Missing parameter for attribute name')
    const read: ItemFunction = this.#byAttribute ? getter(env, args[0]) : (item) => item
    const [name, ...rest] = this.#byAttribute ? args.slice(1) : args
    const test: ItemFunction =
      name === undefined ? isTrue : (item) => env.callTest(textOf(name), [item, ...rest], kwargs)
    for (const item of iterate(value)) if (isTrue(test(read(item))) !== this.#negated) yield item
  }
}

function wrongArgument(message: string): OperationError {
  return new OperationError('filter-argument', message)
}

export const selectionFilters = functionTable(
  new MapFilter('map'),
  new SelectFilter('select', { negated: false, byAttribute: false }),
  new SelectFilter('reject', { negated: true, byAttribute: false }),
  new SelectFilter('selectattr', { negated: false, byAttribute: true }),
  new SelectFilter('rejectattr', { negated: true, byAttribute: true }),
)
