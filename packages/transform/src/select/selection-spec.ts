import { EclusaError } from '@eclusa/sdk'
import type { IndirectSelection } from '../command/command-options.ts'

/*
 * dbt's selection grammar: `[@][N+]method[.argument]:value[+N]`; a space is a union, a comma an intersection. Without a
 * method the value is a path if it has a slash, a file if it ends like one, else a name with its folders (fqn).
 */

export const methodNames = [
  'fqn',
  'tag',
  'group',
  'access',
  'source',
  'path',
  'file',
  'package',
  'config',
  'test_name',
  'test_type',
  'resource_type',
  'state',
  'exposure',
  'metric',
  'result',
  'source_status',
  'version',
  'semantic_model',
  'saved_query',
  'unit_test',
] as const

export type MethodName = (typeof methodNames)[number]

/** One term: what a method finds, and which relatives come along. */
export interface SelectionCriteria {
  readonly kind: 'criteria'
  /** As the user wrote it, for messages. */
  readonly raw: string
  readonly method: MethodName
  /** What stands behind the method's dots: `materialized` of `config.materialized`. */
  readonly methodArguments: readonly string[]
  /** Text of a command line; of selectors.yml any value. */
  readonly value: unknown
  /** `@`: descendants, and all that they need. */
  readonly childrensParents: boolean
  /** Steps to go, Infinity for all, 0 for none. */
  readonly parentsDepth: number
  readonly childrenDepth: number
  readonly indirectSelection: IndirectSelection
}

export interface SelectionGroup {
  readonly kind: 'union' | 'intersection' | 'difference'
  readonly raw: string
  readonly components: readonly SelectionSpec[]
  /** Say so when nothing is found. */
  readonly expectsMatch: boolean
  readonly indirectSelection: IndirectSelection
}

export type SelectionSpec = SelectionCriteria | SelectionGroup

/** A term, taken apart. */
export const termPattern =
  /^(?<at>@)?(?<parents>(?<parentsDepth>\d*)\+)?(?:(?<method>[\w.]+):)?(?<value>.*?)(?<children>\+(?<childrenDepth>\d*))?$/su

/** What is meant where nothing was selected: everything. */
const defaultTerms = ['fqn:*', 'source:*', 'exposure:*', 'metric:*', 'semantic_model:*']

/**
 * The selection that `--select` and `--exclude` describe.
 *
 * @throws SELECTION_INVALID
 */
export function parseSelection(
  { select, exclude }: { readonly select: readonly string[]; readonly exclude: readonly string[] },
  indirectSelection: IndirectSelection,
): SelectionSpec {
  const included =
    select.length === 0
      ? parseUnion(defaultTerms, { indirectSelection, expectsMatch: false })
      : parseUnion(select, { indirectSelection, expectsMatch: true })
  const excluded = parseUnion(exclude, { indirectSelection, expectsMatch: true })
  return {
    kind: 'difference',
    raw: '',
    components: [included, excluded],
    expectsMatch: false,
    // dbt leaves this one at its default: what was excluded does not come back as a test.
    indirectSelection: 'eager',
  }
}

interface UnionOptions {
  readonly indirectSelection: IndirectSelection
  readonly expectsMatch: boolean
}

function parseUnion(texts: readonly string[], { indirectSelection, expectsMatch }: UnionOptions): SelectionGroup {
  const terms = texts.flatMap((text) => text.split(/\s+/u)).filter((text) => text !== '')
  return {
    kind: 'union',
    raw: texts.join(' '),
    components: terms.map((term) => ({
      kind: 'intersection',
      raw: term,
      components: term.split(',').map((part) => parseTerm(part, indirectSelection)),
      expectsMatch,
      indirectSelection,
    })),
    expectsMatch: false,
    indirectSelection,
  }
}

/** @throws SELECTION_INVALID */
export function parseTerm(raw: string, indirectSelection: IndirectSelection): SelectionCriteria {
  const groups = termPattern.exec(raw)?.groups
  if (groups === undefined) throw selectionInvalid(raw, 'it has not the form [@][N+]method:value[+N]')
  return createCriteria(raw, {
    method: groups['method'],
    value: groups['value'],
    childrensParents: groups['at'] !== undefined,
    parentsDepth: groups['parents'] === undefined ? 0 : depthOf(groups['parentsDepth']),
    childrenDepth: groups['children'] === undefined ? 0 : depthOf(groups['childrenDepth']),
    indirectSelection,
  })
}

interface CriteriaParts extends Pick<
  SelectionCriteria,
  'childrensParents' | 'parentsDepth' | 'childrenDepth' | 'indirectSelection' | 'value'
> {
  readonly method: string | undefined
}

/** @throws SELECTION_INVALID for a method that does not exist, and for `@` together with a `+` behind. */
export function createCriteria(raw: string, { method, ...parts }: CriteriaParts): SelectionCriteria {
  const [name, ...methodArguments] = (method ?? usualMethod(String(parts.value))).split('.')
  if (!isMethodName(name!)) {
    throw selectionInvalid(raw, `'${name}' is not a valid method name; known: ${methodNames.join(', ')}`)
  }
  if (parts.childrensParents && parts.childrenDepth > 0) {
    throw selectionInvalid(raw, '"@" prefix and "+" suffix are incompatible')
  }
  return { kind: 'criteria', raw, method: name, methodArguments, ...parts }
}

export function selectionInvalid(term: string, reason: string): EclusaError {
  return new EclusaError('SELECTION_INVALID', {
    message: `The selection "${term}" cannot be read: ${reason}.`,
    details: { term },
  })
}

/** How many steps a `+` goes: as many as its digits say, without any all the way. */
function depthOf(digits: string | undefined): number {
  return digits === undefined || digits === '' ? Infinity : Number(digits)
}

function usualMethod(value: string): MethodName {
  if (value.includes('/')) return 'path'
  return /\.(?:sql|py|csv)$/iu.test(value) ? 'file' : 'fqn'
}

function isMethodName(name: string): name is MethodName {
  return (methodNames as readonly string[]).includes(name)
}
