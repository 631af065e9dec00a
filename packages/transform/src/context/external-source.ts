import { formatBraces } from '../jinja/brace-format.ts'
import { formatPercent } from '../jinja/percent-format.ts'
import { OperationError } from '../jinja/template-error.ts'
import type { SourceNode } from '../manifest/node.ts'

/** Settings of a source that are dbt's own; all others are seen by dbt-duckdb beside what `meta` says. */
const ownSettings = new Set([
  'enabled',
  'event_time',
  'freshness',
  'loaded_at_field',
  'loaded_at_query',
  'meta',
  'tags',
])

/**
 * dbt-duckdb's `external_location` of a source: files, or a function that reads them, in the place of a table. The name of
 * the source and its other facts may be in it: `data/{name}.parquet`. Undefined where the source is a table.
 */
export function externalLocation(source: SourceNode): string | undefined {
  const extra = Object.entries(source.config).filter(([key]) => !ownSettings.has(key))
  const settings: Readonly<Record<string, unknown>> = { ...source.meta, ...Object.fromEntries(extra) }
  if (typeof settings['plugin'] === 'string') {
    throw new OperationError(
      'runtime',
      `the source ${source.source_name}.${source.name} is read by the plugin "${settings['plugin']}": plugins of dbt-duckdb are Python and cannot be run here. Give it an external_location, or load it into a table.`,
    )
  }
  const template = settings['external_location']
  if (typeof template !== 'string') return undefined
  const { name, identifier, schema, database, tags } = source
  const text = formatted(template, settings['formatter'], { name, identifier, schema, database, tags, ...settings })
  return text.includes('(') || text.startsWith("'") ? text : `'${text}'`
}

function formatted(template: string, formatter: unknown, facts: Readonly<Record<string, unknown>>): string {
  switch (formatter ?? 'newstyle') {
    case 'newstyle':
      return formatBraces(template, [], facts)
    case 'oldstyle':
      return formatPercent(template, facts)
    case 'template':
      return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/gu, (_, plain?: string, braced?: string) => {
        const name = plain ?? braced
        return name === undefined ? '$' : String(facts[name])
      })
    default:
      throw new OperationError(
        'value',
        `Formatter ${String(formatter)} not recognized. Must be one of 'newstyle', 'oldstyle', or 'template'.`,
      )
  }
}
