import type { Environment } from '../jinja/environment.ts'
import { isRecord } from '../manifest/node-config.ts'

/** Arguments that dbt renders although no braces are around them. Source: dbt-core, context/providers.py. */
const functionPattern = /^\s*(?:env_var|ref|var|source|doc)\s*\(.+\)\s*$/su

/**
 * The arguments of a generic test with their Jinja replaced by values: `to: ref('customers')` becomes a relation.
 * A column name stays as it is written.
 */
export function renderTestArguments(
  environment: Environment,
  kwargs: Readonly<Record<string, unknown>>,
  context: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const render = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(render)
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, render(item)]))
    if (typeof value !== 'string') return value
    const source = functionPattern.test(value) ? `{{ ${value} }}` : value
    if (!source.includes('{{') && !source.includes('{%')) return value
    const values = environment.parse(source, 'test arguments').renderValues(context)
    return values.length === 1 ? values[0] : values.join('')
  }
  return Object.fromEntries(
    Object.entries(kwargs).map(([key, value]) => [key, key === 'column_name' ? value : render(value)]),
  )
}
