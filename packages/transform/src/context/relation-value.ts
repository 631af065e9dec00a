import type { Dialect, RelationKind } from '@eclusa/warehouse'
import { equals, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import type { NodeRelation } from '../manifest/node.ts'

/** A relation as templates see it: prints as its quoted name, shows its parts. dbt's `Relation`. */
export class RelationValue implements HostObject {
  readonly database: string
  readonly schema: string
  readonly identifier: string
  readonly type: RelationKind | null
  readonly #text: string
  readonly [typeNameOf] = 'Relation'

  constructor(relation: NodeRelation, dialect: Dialect, type: RelationKind | null = null) {
    this.database = relation.database
    this.schema = relation.schema
    this.identifier = relation.identifier
    this.type = type
    this.#text = dialect.formatRelation(relation)
  }

  get name(): string {
    return this.identifier
  }

  get table(): string {
    return this.identifier
  }

  get is_table(): boolean {
    return this.type === 'table'
  }

  get is_view(): boolean {
    return this.type === 'view'
  }

  render(): string {
    return this.#text
  }

  toString(): string {
    return this.#text
  }

  [equals](other: unknown): boolean {
    return other instanceof RelationValue && other.toString() === this.#text
  }
}

/** An ephemeral model where it is referred to: the name of the common table expression that will hold it. */
export class EphemeralValue implements HostObject {
  readonly identifier: string
  readonly is_cte = true
  readonly [typeNameOf] = 'Relation'

  constructor(name: string) {
    this.identifier = ephemeralName(name)
  }

  toString(): string {
    return this.identifier
  }
}

/** dbt's name for the common table expression of an ephemeral model. */
export function ephemeralName(model: string): string {
  return `__dbt__cte__${model}`
}
