import type { MacroDefinition } from '../context/macro-library.ts'
import type { MacroEntry } from '../manifest/manifest.ts'
import type { DocumentationSet } from './documentation.ts'
import { macrosNamed } from './macro-watch.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedProperties } from './read-properties.ts'

/** What a properties file says of a macro. */
type MacroPatch = Pick<MacroEntry, 'description' | 'meta' | 'docs' | 'patch_path' | 'arguments'>

const noPatch: MacroPatch = {
  description: '',
  meta: {},
  docs: { show: true, node_color: null },
  patch_path: null,
  arguments: [],
}

export interface FormerMacroEntries {
  readonly entries: Readonly<Record<string, MacroEntry>>
  /** Whether a macro's text, or what its names mean, may be another one than it was. */
  isChanged(macro: MacroDefinition): boolean
}

/**
 * The macros of all packages as dbt's manifest lists them. Few commands look at them, and each has to be parsed for its
 * entry: they are made when they are first asked for. What is wrong with the properties files is found at once.
 */
export class MacroEntries {
  readonly #session: ParseSession
  readonly #patches = new Map<string, MacroPatch>()
  readonly #former: FormerMacroEntries | undefined
  #entries: Readonly<Record<string, MacroEntry>> | undefined

  /** @param former what an earlier parse found; those that are still the same need not be made again */
  constructor(session: ParseSession, former?: FormerMacroEntries) {
    this.#session = session
    this.#former = former
  }

  get all(): Readonly<Record<string, MacroEntry>> {
    this.#entries ??= this.#make()
    return this.#entries
  }

  describe({ project, source, file, content }: ParsedProperties, docs: DocumentationSet): void {
    for (const [index, described] of content.macros.entries()) {
      const id = `macro.${project.name}.${described.name}`
      const place = file.place(['macros', index])
      const other = this.#patches.get(id)
      if (this.#session.scope.macros.findIn(project.name, described.name) === undefined) {
        this.#session.scope.log.warn(
          `${place.file}:${place.line} describes the macro "${described.name}", which does not exist.`,
        )
      } else if (other !== undefined) {
        const message = `the macro "${described.name}" is also described in ${other.patch_path}`
        this.#session.faults.push({ ...place, message })
      } else {
        const owner = { name: described.name, package_name: project.name, original_file_path: source.path }
        this.#patches.set(id, {
          description: docs.describe(described.description, owner),
          meta: described.meta,
          docs: {
            show: described.docs['show'] !== false,
            node_color: (described.docs['node_color'] as string | undefined) ?? null,
          },
          patch_path: `${project.name}://${source.path}`,
          arguments: described.arguments.map(({ name, type, description }) => ({
            name,
            type: type ?? null,
            description: docs.describe(description, owner),
          })),
        })
      }
    }
  }

  #make(): Record<string, MacroEntry> {
    const entries: Record<string, MacroEntry> = {}
    for (const macro of this.#session.scope.macros.definitions()) {
      const { uniqueId: id } = macro
      const entry = this.#former?.entries[id]
      const isKnown = entry !== undefined && this.#former?.isChanged(macro) === false
      entries[id] = isKnown ? { ...entry, ...(this.#patches.get(id) ?? noPatch) } : this.#entryOf(macro)
    }
    return entries
  }

  #entryOf({ uniqueId, packageName, name, template, syntax }: MacroDefinition): MacroEntry {
    const languages = syntax.settings['supported_languages']
    const patch = this.#patches.get(uniqueId) ?? noPatch
    return {
      name,
      resource_type: 'macro',
      package_name: packageName,
      path: template.name,
      original_file_path: template.name,
      unique_id: uniqueId,
      macro_sql: blockText(template.tree.source, syntax.start, syntax.end),
      depends_on: { macros: macrosNamed(syntax.body, this.#session.scope.macros, { name, packageName }) },
      description: patch.description,
      meta: patch.meta,
      docs: patch.docs,
      patch_path: patch.patch_path,
      arguments: patch.arguments,
      created_at: Date.now() / 1000,
      supported_languages: Array.isArray(languages) ? (languages as string[]) : null,
    }
  }
}

/**
 * A block as dbt cuts it out: the white space that its outer tags take away is part of it, unless the block before took
 * it already, or it is at the file's beginning or end.
 */
function blockText(source: string, start: number, end: number): string {
  const before = source.slice(0, start)
  const kept = before.trimEnd()
  const takesBefore = source.startsWith('{%-', start) && kept !== '' && !kept.endsWith('-%}')
  const after = source.slice(end)
  const takesAfter = source.endsWith('-%}', end) && after.trim() !== ''
  const to = takesAfter ? end + (after.length - after.trimStart().length) : end
  return source.slice(takesBefore ? kept.length : start, to)
}
