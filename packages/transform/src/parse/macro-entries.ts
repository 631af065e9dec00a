import type { MacroLibrary } from '../context/macro-library.ts'
import type { MacroEntry } from '../manifest/manifest.ts'
import { macrosNamed } from './macro-watch.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedProperties } from './read-properties.ts'

/** The macros of all packages as dbt's manifest lists them, with what the properties files say of them. */
export function macroEntries(session: ParseSession, properties: readonly ParsedProperties[]): Map<string, MacroEntry> {
  const library = session.scope.macros
  const entries = new Map<string, MacroEntry>()
  for (const entry of entriesOf(library)) entries.set(entry.unique_id, entry)
  for (const { project, source, file, content } of properties) {
    for (const [index, described] of content.macros.entries()) {
      const id = `macro.${project.name}.${described.name}`
      const entry = entries.get(id)
      const place = file.place(['macros', index])
      if (entry === undefined) {
        session.scope.log.warn(
          `${place.file}:${place.line} describes the macro "${described.name}", which does not exist.`,
        )
      } else if (entry.patch_path !== null) {
        const message = `the macro "${described.name}" is also described in ${entry.patch_path}`
        session.faults.push({ ...place, message })
      } else {
        entries.set(id, {
          ...entry,
          description: described.description,
          meta: described.meta,
          docs: {
            show: described.docs['show'] !== false,
            node_color: (described.docs['node_color'] as string | undefined) ?? null,
          },
          patch_path: `${project.name}://${source.path}`,
          arguments: described.arguments.map(({ name, type, description }) => ({
            name,
            type: type ?? null,
            description,
          })),
        })
      }
    }
  }
  return entries
}

function* entriesOf(library: MacroLibrary): Generator<MacroEntry> {
  for (const { uniqueId, packageName, name, template, syntax } of library.definitions()) {
    const languages = syntax.settings['supported_languages']
    yield {
      name,
      resource_type: 'macro',
      package_name: packageName,
      path: template.name,
      original_file_path: template.name,
      unique_id: uniqueId,
      macro_sql: template.tree.source.slice(syntax.start, syntax.end),
      depends_on: { macros: macrosNamed(syntax.body, library, packageName) },
      description: '',
      meta: {},
      docs: { show: true, node_color: null },
      patch_path: null,
      arguments: [],
      created_at: Date.now() / 1000,
      supported_languages: Array.isArray(languages) ? (languages as string[]) : null,
    }
  }
}
