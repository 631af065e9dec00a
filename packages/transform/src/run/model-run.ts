import type { WarehouseConnection } from '@eclusa/sdk'
import type { Dialect, Relation } from '@eclusa/warehouse'
import type { ModelNode, NodeRelation } from '../manifest/node.ts'

/** What a materialization needs to build one model. */
export interface ModelRun {
  readonly node: ModelNode
  /** The model's query, compiled. */
  readonly sql: string
  readonly dialect: Dialect
  readonly connection: WarehouseConnection
  /** What stands in the model's place now. */
  readonly existing: Relation | undefined
  readonly fullRefresh: boolean
  readonly signal: AbortSignal
  warn(message: string): void
}

/** A neighbour of the model's relation, under a name that dbt uses for the same purpose. */
export function besides(relation: NodeRelation, suffix: string, dialect: Dialect): NodeRelation {
  const room = dialect.identifierBytesMax === undefined ? Infinity : dialect.identifierBytesMax - suffix.length
  return { ...relation, identifier: `${relation.identifier.slice(0, room)}${suffix}` }
}

export async function execute(
  { connection, signal }: Pick<ModelRun, 'connection' | 'signal'>,
  sql: string,
): Promise<number> {
  return (await connection.query(sql, { signal })).rowsChanged
}
