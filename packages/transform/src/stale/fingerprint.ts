import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { LoadedProject } from '../load-project.ts'
import type { UnitTest } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { ManifestNode } from '../manifest/node.ts'

/** Changes when the same SQL would be built in another way by a newer version of this program. */
const formatVersion = 1

/** Settings that change nothing of what is built. */
const idleSettings = new Set(
  `access description docs enabled event_time freshness group meta publish stale_after tags`.split(/\s+/u),
)

/** What says how nodes of a project are built, beside their SQL, in one text each. */
export class Fingerprints {
  readonly #project: LoadedProject
  readonly #overriding: string
  /** Texts of macros and of all they call, by unique id. */
  readonly #macros = new Map<string, string>()

  constructor(project: LoadedProject) {
    this.#project = project
    this.#overriding = this.#textOfMacros(overridingMacros(project))
  }

  /** @param compiledCode undefined for a seed, whose file is read */
  async ofNode(node: ManifestNode, compiledCode: string | undefined): Promise<string> {
    const { config, name, alias, schema, database } = node
    const settings = Object.entries(config).filter(([key]) => !idleSettings.has(key))
    const hasHooks = ['pre-hook', 'post-hook'].some((hook) => Array.isArray(config[hook]) && config[hook].length > 0)
    return hashOf([
      formatVersion,
      [name, alias, schema, database, config.materialized],
      Object.fromEntries(settings),
      compiledCode ?? (await this.#seedText(node)),
      describes(node) ? [node.description, node.columns] : [],
      'constraints' in node ? node.constraints : [],
      this.#overriding,
      hasHooks ? this.#textOfMacros(node.depends_on.macros.filter(isOwnMacro)) : '',
    ])
  }

  ofUnitTest({ model, given, expect, overrides, config }: UnitTest, compiledCode: string): string {
    return hashOf([formatVersion, compiledCode, model, given, expect, overrides, config, this.#overriding])
  }

  async #seedText(node: ManifestNode): Promise<string> {
    if (node.resource_type !== 'seed') return ''
    const file = path.resolve(this.#project.directory, node.root_path, node.original_file_path)
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  }

  #textOfMacros(ids: Iterable<string>): string {
    return [...ids].map((id) => this.#textOfMacro(id)).join('\n')
  }

  #textOfMacro(id: string): string {
    const known = this.#macros.get(id)
    if (known !== undefined) return known
    const macro = this.#project.manifest.macros[id]
    // Before those it calls, which ends circles.
    this.#macros.set(id, '')
    const text = isOwnMacro(id) && macro !== undefined ? macro.macro_sql : ''
    const whole = `${text}${this.#textOfMacros(macro?.depends_on.macros ?? [])}`
    this.#macros.set(id, whole)
    return whole
  }
}

/** Their effect is in the compiled SQL and in the names of relations. */
const namingMacros =
  /^(?:[a-z]+__)?(?:generate_(?:schema|alias|database)_name(?:_for_env)?|ref|source|get_where_subquery|test_.*)$/u

/**
 * Macros of the project and its packages that take the place of the library's: materializations, `create_table_as`. Their
 * names alone are looked at first, as texts of macros are made for all of them at once.
 */
function overridingMacros({ scope }: LoadedProject): string[] {
  const macros = [...scope.macros.definitions()]
  const library = new Set(macros.filter(({ uniqueId }) => !isOwnMacro(uniqueId)).map(({ name }) => name))
  const plain = (name: string) => name.replace(/^[a-z]+__/u, '')
  return macros
    .filter(({ uniqueId, name }) => isOwnMacro(uniqueId) && !namingMacros.test(name))
    .filter(({ name }) => name.startsWith('materialization_') || library.has(name) || library.has(plain(name)))
    .map(({ uniqueId }) => uniqueId)
    .toSorted()
}

/** Not of our library: that changes with the program. */
function isOwnMacro(id: string): boolean {
  return !/^macro\.dbt(?:_(?:duckdb|postgres|snowflake))?\./u.test(id)
}

/** Whether columns and their descriptions are part of what is built. */
function describes({ config }: ManifestNode): boolean {
  const { persist_docs: persisted, contract } = config
  return (
    (isRecord(contract) && contract['enforced'] === true) || (isRecord(persisted) && Object.keys(persisted).length > 0)
  )
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
}

/** The same text whatever the order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Map) return sorted(Object.fromEntries(value))
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
