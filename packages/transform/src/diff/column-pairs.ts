import type { ResultColumn } from '@eclusa/sdk'
import { areComparable, familyOf } from './value-family.ts'
import type { ValueFamily } from './value-family.ts'

/** A column that both sides have. */
export interface ColumnPair {
  readonly name: string
  readonly before: ResultColumn & { readonly family: ValueFamily }
  readonly after: ResultColumn & { readonly family: ValueFamily }
  /** Compared as text, because the warehouse does not compare values of these types. */
  readonly asText: boolean
}

export interface ColumnDifference {
  readonly added: readonly ResultColumn[]
  readonly removed: readonly ResultColumn[]
  /** Columns whose type is another one. */
  readonly retyped: readonly { readonly name: string; readonly before: string; readonly after: string }[]
  readonly pairs: readonly ColumnPair[]
}

/** Types that PostgreSQL has no equality for, or another one than that of the whole value. */
const uncomparedTypes = /^(?:json(?!b)|xml|point|line|lseg|box|path|polygon|circle|refcursor|cid|pg_)/iu

/** @param isOneWarehouse both sides have the same types; otherwise only their families are compared */
export function compareColumns(
  before: readonly ResultColumn[],
  after: readonly ResultColumn[],
  { isOneWarehouse, ignoresCase }: { readonly isOneWarehouse: boolean; readonly ignoresCase: boolean },
): ColumnDifference {
  const keyOf = ({ name }: ResultColumn) => (ignoresCase ? name.toLowerCase() : name)
  const earlier = new Map(before.map((column) => [keyOf(column), column]))
  const later = new Set(after.map(keyOf))
  const pairs = after.flatMap((column): ColumnPair[] => {
    const former = earlier.get(keyOf(column))
    return former === undefined ? [] : [pairOf(former, column)]
  })
  return {
    added: after.filter((column) => !earlier.has(keyOf(column))),
    removed: before.filter((column) => !later.has(keyOf(column))),
    retyped: pairs
      .filter((pair) =>
        isOneWarehouse ? pair.before.type !== pair.after.type : pair.before.family !== pair.after.family,
      )
      .map(({ name, before: { type: from }, after: { type: to } }) => ({ name, before: from, after: to })),
    pairs,
  }
}

function pairOf(before: ResultColumn, after: ResultColumn): ColumnPair {
  const [from, to] = [familyOf(before.type), familyOf(after.type)]
  const isSame = from === 'other' ? before.type === after.type : areComparable(from, to)
  const isUncompared = [before, after].some(({ type }) => uncomparedTypes.test(type))
  return {
    name: after.name,
    before: { ...before, family: from },
    after: { ...after, family: to },
    asText: !isSame || isUncompared,
  }
}
