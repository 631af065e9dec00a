import type { RelationPath, RelationValue } from '../context/relation-value.ts'

/** Asks the warehouse what stands in a schema. */
export type Listing = (schema: Pick<RelationPath, 'database' | 'schema'>) => Promise<readonly RelationValue[]>

/**
 * What a run knows to exist: the relations of each schema, listed when it is first asked for and kept up to date by every
 * change that goes through the adapter. Names are found whatever their case, as in dbt.
 */
export class RelationCache {
  readonly #schemas = new Map<string, Promise<Map<string, RelationValue>>>()
  /** The schemas whose listing has arrived, for those who cannot wait. */
  readonly #listed = new Map<string, Map<string, RelationValue>>()
  readonly #existingSchemas = new Set<string>()

  async get(path: RelationPath, listing: Listing): Promise<RelationValue | undefined> {
    if (path.schema === null || path.identifier === null) return undefined
    return (await this.#schema(path, listing)).get(key(path.identifier))
  }

  /** What is known without asking the warehouse: nothing of a schema that `list` was not asked for. */
  peek({ database, schema, identifier }: RelationPath): RelationValue | undefined {
    return identifier === null ? undefined : this.#listed.get(schemaKey(database, schema))?.get(key(identifier))
  }

  async list(path: Pick<RelationPath, 'database' | 'schema'>, listing: Listing): Promise<RelationValue[]> {
    return [...(await this.#schema(path, listing)).values()]
  }

  /** Puts a relation in, or in the place of what has its name. @returns how to undo it. */
  async put(relation: RelationValue): Promise<() => void> {
    return await this.#change(relation.path, (relations, name) => relations.set(name, relation))
  }

  async drop(path: RelationPath): Promise<() => void> {
    return await this.#change(path, (relations, name) => relations.delete(name))
  }

  forgetSchema({ database, schema }: Pick<RelationPath, 'database' | 'schema'>): void {
    this.#schemas.delete(schemaKey(database, schema))
    this.#listed.delete(schemaKey(database, schema))
    this.#existingSchemas.delete(schemaKey(database, schema))
  }

  knowsSchema({ database, schema }: Pick<RelationPath, 'database' | 'schema'>): boolean {
    return this.#existingSchemas.has(schemaKey(database, schema))
  }

  rememberSchema({ database, schema }: Pick<RelationPath, 'database' | 'schema'>): void {
    this.#existingSchemas.add(schemaKey(database, schema))
  }

  async #change(
    path: RelationPath,
    change: (relations: Map<string, RelationValue>, name: string) => void,
  ): Promise<() => void> {
    // A schema that nobody has asked for yet is listed when somebody does; temporary relations belong to none.
    const listed = this.#schemas.get(schemaKey(path.database, path.schema))
    if (listed === undefined || path.identifier === null) return () => {}
    const relations = await listed
    const name = key(path.identifier)
    const former = relations.get(name)
    change(relations, name)
    return () => {
      if (former === undefined) relations.delete(name)
      else relations.set(name, former)
    }
  }

  #schema(
    { database, schema }: Pick<RelationPath, 'database' | 'schema'>,
    listing: Listing,
  ): Promise<Map<string, RelationValue>> {
    const id = schemaKey(database, schema)
    let listed = this.#schemas.get(id)
    if (listed === undefined) {
      listed = listing({ database, schema }).then(byIdentifier)
      this.#schemas.set(id, listed)
      // A listing that failed is tried again by the next who asks.
      listed.then(
        (relations) => this.#schemas.has(id) && this.#listed.set(id, relations),
        () => this.#schemas.delete(id),
      )
    }
    return listed
  }
}

function byIdentifier(relations: readonly RelationValue[]): Map<string, RelationValue> {
  return new Map(relations.map((relation) => [key(relation.identifier ?? ''), relation]))
}

function key(identifier: string): string {
  return identifier.toLowerCase()
}

function schemaKey(database: string | null, schema: string | null): string {
  return `${database?.toLowerCase() ?? ''}.${schema?.toLowerCase() ?? ''}`
}
