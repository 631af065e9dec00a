import type { CommandSession } from './command-session.ts'
import { commandInvalid } from './command-line.ts'
import { selectForCommand } from './select-for-command.ts'
import type { GraphEntry, Manifest } from '../manifest/manifest.ts'
import { fieldOf, textOf } from '../select/entry-fields.ts'

/** `ls`: one line for every node that the selection finds, sorted by unique id. */
export async function runList(session: CommandSession): Promise<number> {
  const { settings } = session
  if (settings.list('models').length > 0) {
    for (const name of ['resource_types', 'select'])
      if (settings.list(name).length > 0)
        throw commandInvalid(
          `--models and --${name === 'select' ? 'select' : 'resource-type'} exclude each other: name models by --select with --resource-type model.`,
        )
  }
  const form = formOf(session.settings.text('output') ?? 'selector', session.settings.list('output_keys'))
  const project = await session.loadProject(await session.readProfile())
  const { manifest } = project
  await session.writeManifest(project)
  const ids = await selectForCommand('ls', session, project)
  if (ids.size === 0) session.log.warn('No nodes selected!')
  for (const id of ids) session.log.print(form(entryOf(manifest, id)))
  return 0
}

type Form = (entry: GraphEntry) => string

function formOf(name: string, keys: readonly string[]): Form {
  const forms: Readonly<Record<string, Form>> = {
    selector: selectorOf,
    name: searchNameOf,
    path: ({ original_file_path: path }) => path,
    json: (entry) => jsonOf(entry, keys),
  }
  const form = forms[name]
  if (form === undefined) {
    throw commandInvalid(`'--output': '${name}' is not one of ${Object.keys(forms).join(', ')}.`)
  }
  return form
}

const namedByMethod = new Set(['exposure', 'metric', 'saved_query', 'semantic_model', 'unit_test'])

/** What selects the entry again: the name with its folders, or method and name. */
function selectorOf(entry: GraphEntry): string {
  const { resource_type: type, package_name: packageName } = entry
  if (type === 'source') return `source:${packageName}.${textOf(entry, 'source_name')}.${entry.name}`
  if (namedByMethod.has(type)) return `${type}:${packageName}.${versionedName(entry, '_v')}`
  return entry.fqn.join('.')
}

function searchNameOf(entry: GraphEntry): string {
  if (entry.resource_type === 'source') return `${textOf(entry, 'source_name')}.${entry.name}`
  return entry.resource_type === 'model' ? versionedName(entry, '.v') : entry.name
}

function versionedName(entry: GraphEntry, separator: string): string {
  const version = fieldOf(entry, 'version')
  return typeof version === 'string' || typeof version === 'number' ? `${entry.name}${separator}${version}` : entry.name
}

const keysShown = new Set([
  'alias',
  'name',
  'package_name',
  'depends_on',
  'tags',
  'config',
  'resource_type',
  'source_name',
  'original_file_path',
  'unique_id',
])

/** With a space after each colon and comma, as Python writes it. */
function jsonOf(entry: GraphEntry, keys: readonly string[]): string {
  const wanted = keys.length === 0 ? keysShown : new Set(keys)
  return pythonJson(Object.fromEntries(Object.entries(entry).filter(([key]) => wanted.has(key))))
}

function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => pythonJson(item ?? null)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return asciiJson(value)
  const members = Object.entries(value).filter(([, item]) => item !== undefined)
  return `{${members.map(([key, item]) => `${asciiJson(key)}: ${pythonJson(item)}`).join(', ')}}`
}

/** Python escapes everything that is not ASCII. */
function asciiJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.replaceAll(/[\u0080-\uFFFF]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** @throws when the id is in none of the manifest's groups, which would be a fault of the selection. */
export function entryOf(manifest: Manifest, id: string): GraphEntry {
  const { nodes, sources, exposures, metrics, unit_tests, semantic_models, saved_queries } = manifest
  const groups = [nodes, sources, exposures, metrics, unit_tests, semantic_models, saved_queries]
  const entry = groups.find((group) => id in group)?.[id]
  if (entry === undefined) throw new Error(`The selection found ${id}, which the manifest does not have.`)
  return entry
}
