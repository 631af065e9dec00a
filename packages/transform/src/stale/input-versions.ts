import { createHash } from 'node:crypto'
import type { WarehouseConnection } from '@eclusa/sdk'
import type { RelationCache } from '../adapter/relation-cache.ts'
import type { RunScope } from '../compile/run-scope.ts'
import { isEphemeral, parentsOf, relationOf } from '../manifest/node.ts'
import type { ManifestNode, NodeRelation, ProjectNode } from '../manifest/node.ts'
import { isUnitTest } from '../run/run-entry.ts'
import type { Runnable } from '../run/run-entry.ts'
import type { BuildRecord, BuildRecords } from './build-records.ts'
import type { RelationIdentities } from './relation-identity.ts'
import { SourceVersions } from './source-versions.ts'
import type { DataVersion } from './source-versions.ts'

export interface InputVersionsOptions {
  readonly run: RunScope
  readonly cache: RelationCache
  readonly records: BuildRecords
  readonly identities: RelationIdentities
}

/** What nodes read, and the versions of its rows: each is asked for once, until it is built anew. */
export class InputVersions {
  readonly #run: RunScope
  readonly #cache: RelationCache
  readonly #records: BuildRecords
  readonly #identities: RelationIdentities
  readonly #sources: SourceVersions
  readonly #versions = new Map<string, Promise<DataVersion>>()

  constructor({ run, cache, records, identities }: InputVersionsOptions) {
    this.#run = run
    this.#cache = cache
    this.#records = records
    this.#identities = identities
    this.#sources = new SourceVersions(run)
  }

  /** By unique id; none for a unit test, which brings its own rows. */
  async of(entry: Runnable, connection: WarehouseConnection): Promise<Map<string, DataVersion>> {
    const versions = new Map<string, DataVersion>()
    if (isUnitTest(entry)) return versions
    for (const input of this.#inputsOf(entry)) versions.set(input.unique_id, await this.#versionOf(input, connection))
    return versions
  }

  /** The node is built under another name, and its tests read that. */
  builtAside(
    { unique_id: id, config }: ManifestNode,
    { version, inputs }: { readonly version: string; readonly inputs: Readonly<Record<string, string | null>> },
  ): void {
    const below = Object.values(inputs).filter((input) => input !== null)
    const own = config.materialized === 'view' ? viewVersion(version, below) : version
    this.#versions.set(id, Promise.resolve({ kind: 'known', version: own }))
  }

  /** The node is another one from now on. */
  forget(id: string): void {
    this.#versions.delete(id)
  }

  /** Names that the SQL may have: its inputs', its own, those of ephemeral models. */
  readableNames(node: ManifestNode): string[] {
    const inputs = this.#inputsOf(node).map((input) => this.#readRelation(input))
    const own = node.resource_type === 'test' ? [] : [relationOf(node)]
    const ephemeral = this.#ephemeralParents(node).map(({ alias }) => `__dbt__cte__${alias}`)
    const names = [...inputs, ...own].map(({ database, schema, identifier }) =>
      [database, schema, identifier].join('.'),
    )
    return [...names, ...ephemeral]
  }

  #ephemeralParents(node: ProjectNode): ManifestNode[] {
    return parentsOf(node)
      .map((id) => this.#run.project.nodes.get(id))
      .filter((parent): parent is ManifestNode => parent !== undefined && isEphemeral(parent))
      .flatMap((parent) => [parent, ...this.#ephemeralParents(parent)])
  }

  /** What a node reads; in the place of an ephemeral model, what that reads. */
  #inputsOf(node: ProjectNode): ProjectNode[] {
    const { nodes } = this.#run.project
    const inputs = parentsOf(node).flatMap((id) => {
      const parent = nodes.get(id)
      if (parent === undefined) return []
      return isEphemeral(parent) ? this.#inputsOf(parent) : [parent]
    })
    return [...new Set(inputs)]
  }

  #versionOf(input: ProjectNode, connection: WarehouseConnection): Promise<DataVersion> {
    if (input.resource_type === 'source') return this.#sources.versionOf(input, connection)
    let version = this.#versions.get(input.unique_id)
    if (version === undefined) {
      version = this.#findVersion(input, connection)
      this.#versions.set(input.unique_id, version)
    }
    return version
  }

  async #findVersion(node: ManifestNode, connection: WarehouseConnection): Promise<DataVersion> {
    const relation = this.#readRelation(node)
    const record = await this.#records.get(relation, node.unique_id, connection)
    const { name } = node
    if (record === undefined) return { kind: 'unknown', reason: `${name}, which it reads, has no record of its build` }
    const identity = await this.#identities.of(relation, connection)
    if (identity?.text !== record.identity) {
      return { kind: 'unknown', reason: `${name}, which it reads, is not there as it was built` }
    }
    return identity.isView
      ? await this.#viewVersion(node, record, connection)
      : { kind: 'known', version: record.version }
  }

  /** A view has the rows of what it reads, as they are now. */
  async #viewVersion(node: ManifestNode, record: BuildRecord, connection: WarehouseConnection): Promise<DataVersion> {
    if (this.#readRelation(node).schema !== node.schema) {
      return { kind: 'unknown', reason: `${node.name}, which it reads, is a view of another environment` }
    }
    const versions: string[] = []
    for (const input of this.#inputsOf(node)) {
      const version = await this.#versionOf(input, connection)
      if (version.kind !== 'known') return version
      versions.push(version.version)
    }
    return { kind: 'known', version: viewVersion(record.version, versions) }
  }

  /** Where a node is read: in another environment, where it is deferred to. */
  #readRelation(node: ProjectNode): NodeRelation {
    const own = relationOf(node)
    if (node.resource_type === 'source') return own
    const { database, schema, identifier } = this.#run.readRelationOf(node, this.#cache).path
    return {
      database: database ?? own.database,
      schema: schema ?? own.schema,
      identifier: identifier ?? own.identifier,
    }
  }
}

/** A view is another one when it is made anew, or when it reads other rows. */
function viewVersion(own: string, below: readonly string[]): string {
  return createHash('sha256')
    .update([own, ...below].join('\n'))
    .digest('hex')
}
