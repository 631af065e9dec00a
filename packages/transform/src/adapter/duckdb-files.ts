import path from 'node:path'
import { asMapping } from '../jinja/mapping.ts'
import type { Mapping } from '../jinja/mapping.ts'
import { isTrue } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import type { AdapterValue } from './adapter-value.ts'

/* What dbt-duckdb's adapter has for relations that are kept in files: where they lie, and how COPY writes them. */

const compressions: Readonly<Record<string, string>> = { '.gz': 'gzip', '.zst': 'zstd' }
const quotedOptions = new Set(['delimiter', 'quote', 'escape', 'null'])

/** Options of COPY. The template's dict is completed by what the name of the file says. */
function writeOptions(location: string, options: Mapping): string {
  if (!options.has('format')) {
    const compression = compressions[path.extname(location).toLowerCase()]
    const named = compression === undefined ? location : location.slice(0, -path.extname(location).length)
    const extension = path.extname(named).slice(1).toLowerCase()
    options.set('format', extension === '' ? (options.has('delimiter') ? 'csv' : 'parquet') : extension)
    // DuckDB sees compression by an extension in small letters only.
    if (extension !== '' && compression !== undefined && !options.has('compression'))
      options.set('compression', compression)
  }
  if (options.get('format') === 'csv' && !options.has('header')) options.set('header', 1)
  const partitions = options.get('partition_by')
  if (partitions !== undefined && textOf(partitions).includes(',') && !textOf(partitions).startsWith('('))
    options.set('partition_by', `(${textOf(partitions)})`)
  return [...options.entries()]
    .map(([key, value]) => {
      const [name, text] = [textOf(key), textOf(value)]
      return quotedOptions.has(name.toLowerCase()) && !text.startsWith("'") ? `${name} '${text}'` : `${name} ${text}`
    })
    .join(', ')
}

function readLocation(location: string, options: Mapping): string {
  const partitions = options.get('partition_by')
  if (!isTrue(partitions ?? null) && !isTrue(options.get('per_thread_output') ?? null)) return location
  const levels = isTrue(partitions ?? null)
    ? textOf(partitions)
        .split(',')
        .map(() => '*')
    : []
  return `${[location, '*', ...levels].join('/')}.${textOf(options.get('format') ?? 'parquet')}`
}

function optionsGiven(value: unknown): Mapping {
  const options = asMapping(value)
  if (options === undefined) throw new OperationError('type', 'options for writing a file are a dict')
  return options
}

/**
 * A location as DuckDB, which sees the folder of the process, finds it: relative to the project, as dbt changes into it.
 * Addresses with a scheme and absolute paths stay as they are.
 */
export function locationIn(directory: string, location: string): string {
  if (/^[\w+-]+:/u.test(location) || path.isAbsolute(location) || path.resolve(directory) === process.cwd())
    return location
  return path.join(path.resolve(directory), location)
}

export const duckdbFileMethods = [
  new NativeFunction('external_root', '', ({ scope: { target } }: AdapterValue) =>
    textOf((target as unknown as Readonly<Record<string, unknown>>)['external_root'] ?? '.'),
  ),
  new NativeFunction(
    'external_write_options',
    'write_location rendered_options',
    (_self: AdapterValue, location: unknown, options: unknown) => writeOptions(textOf(location), optionsGiven(options)),
  ),
  new NativeFunction(
    'external_read_location',
    'write_location rendered_options',
    (_self: AdapterValue, location: unknown, options: unknown) => readLocation(textOf(location), optionsGiven(options)),
  ),
  new NativeFunction('location_exists', 'location', async (self: AdapterValue, location: unknown) => {
    try {
      const text = textOf(location).replaceAll("'", "''")
      await self.session.execute(`select 1 from '${text}' where 1=0`, { autoBegin: false })
      return true
    } catch {
      return false
    }
  }),
  new NativeFunction(
    'store_relation',
    'plugin_name relation column_list path format config',
    (_self: AdapterValue, plugin: unknown, relation: unknown) => {
      throw new OperationError(
        'runtime',
        `${textOf(relation)} is to be handed to the plugin "${textOf(plugin)}": plugins of dbt-duckdb, Glue among them, are Python and cannot be run here. The file was written; take plugin and glue_register out of the config.`,
      )
    },
  ),
  new NativeFunction('escape_sql_string', 'value', (_self: AdapterValue, value: unknown) =>
    textOf(value).replaceAll("'", "''"),
  ),
  // Ours: where a file of the project lies, for DuckDB that is not in its folder.
  new NativeFunction('project_location', 'location', (self: AdapterValue, location: unknown) =>
    locationIn(self.scope.directory ?? process.cwd(), textOf(location)),
  ),
]
