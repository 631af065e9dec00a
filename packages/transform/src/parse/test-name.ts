import { hash } from 'node:crypto'
import { reprOfValue } from '../jinja/python-text.ts'

/*
 * The names that dbt gives generic tests. Other tools find a test by its unique id, so both the name and the hash are
 * dbt's to the letter. Source: dbt-core, parser/generic_test_builders.py and parser/schema_generic_tests.py.
 */

export interface GenericTestIdentity {
  /** `unique`; with a package in front for a test of another package. */
  readonly testName: string
  /** The tested model, or `<source>_<table>` for a source's table. */
  readonly targetName: string
  readonly isSource: boolean
  /** Arguments, the model and the column name among them. */
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly namespace?: string
}

const nameCharactersMax = 64
const truncatedCharacters = 30

export function genericTestName(identity: GenericTestIdentity): { readonly name: string; readonly shortName: string } {
  const { testName, targetName, isSource, kwargs, namespace } = identity
  const kind = `${namespace === undefined ? '' : `${namespace}_`}${isSource ? 'source_' : ''}${testName}`
  const identifier = `${kind}_${targetName}`
  const parts = Object.keys(kwargs)
    .toSorted()
    .filter((key) => key !== 'model')
    .flatMap((key) => flatten(kwargs[key]))
    .map((part) => part.replaceAll(/[^0-9a-zA-Z_]+/gu, '_'))
  const name = `${identifier}_${parts.join('__')}`
  if (name.length < nameCharactersMax) return { name, shortName: name }
  return { name, shortName: `${identifier.slice(0, truncatedCharacters)}_${hash('md5', name)}` }
}

/** The ten characters at the end of a generic test's unique id. */
export function genericTestHash(name: string, { testName, kwargs, namespace }: GenericTestIdentity): string {
  const metadata = hashable({ namespace: namespace ?? null, name: testName, kwargs })
  return hash('md5', `${name}${reprOfValue(metadata)}`).slice(-10)
}

function flatten(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(pythonText)
  if (typeof value === 'object' && value !== null) return Object.values(value).map(pythonText)
  return [pythonText(value)]
}

/** Python's str(): what a string prints as itself, everything else as its repr. */
function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : reprOfValue(value)
}

function hashable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hashable)
  if (typeof value !== 'object' || value === null) return pythonText(value)
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, hashable(item)]),
  )
}
