import { isRecord } from '../manifest/node-config.ts'
import { parseTerm, termPattern } from './selection-spec.ts'
import type { RawSelector } from './selector-definition.ts'

/**
 * The selectors of selectors.yml as dbt's manifest lists them: terms taken apart, `tag: nightly` as method and value, and
 * others that are named put in. What the grammar does not know stays as it is: to refuse it is for who uses it.
 */
export function manifestSelectors(selectors: ReadonlyMap<string, RawSelector>): Readonly<Record<string, RawSelector>> {
  const listed: Record<string, RawSelector> = {}
  for (const [name, selector] of selectors)
    listed[name] = { ...selector, definition: definitionOf(selector['definition'], listed) }
  return listed
}

function definitionOf(definition: unknown, earlier: Readonly<Record<string, RawSelector>>): unknown {
  if (typeof definition === 'string') return termFields(definition)
  if (!isRecord(definition)) return definition
  for (const kind of ['union', 'intersection']) {
    const members = definition[kind]
    if (Array.isArray(members)) return { [kind]: members.map((member: unknown) => definitionOf(member, earlier)) }
  }
  const [[key, written] = ['', undefined]] = Object.entries(definition)
  const value = Array.isArray(written) ? written.map((one: unknown) => definitionOf(one, earlier)) : written
  if (key === 'exclude') return { exclude: value }
  if (Object.keys(definition).length === 1) return { method: key, value }
  const named = key === 'method' && value === 'selector' ? earlier[String(definition['value'])] : undefined
  return named === undefined ? definition : named['definition']
}

/** The parts of a term that are there, in dbt's order. */
function termFields(term: string): Readonly<Record<string, unknown>> {
  const groups = termPattern.exec(term)?.groups
  if (groups === undefined) return { error: 'Invalid selector spec' }
  const { method, methodArguments } = parseTerm(term, 'eager')
  const { at, parents, parentsDepth, value, children, childrenDepth } = groups
  return {
    ...(at === undefined ? {} : { childrens_parents: true }),
    ...(parents === undefined ? {} : { parents: true }),
    ...filled('parents_depth', parentsDepth),
    method: [method, ...methodArguments].join('.'),
    ...filled('value', value),
    ...(children === undefined ? {} : { children: true }),
    ...filled('children_depth', childrenDepth),
  }
}

function filled(key: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined || value === '' ? {} : { [key]: value }
}
