import { DataType } from 'apache-arrow'
import type { Field } from 'apache-arrow'
import { arrowFieldOf } from './arrow-type.ts'
import type { ChangeBatch } from './change-batch.ts'
import { EclusaError } from './error.ts'
import { unguardedObjects } from './schema-structure.ts'
import type { AnySchema } from './schema-structure.ts'
import { streamKey } from './stream.ts'
import type { StreamSchema } from './stream.ts'

/** A breach of the contract by the connector that `who` names (`source postgres`). */
export function contractBroken(who: string, what: string, details: Record<string, unknown> = {}): EclusaError {
  return new EclusaError('CONNECTOR_CONTRACT_BROKEN', { message: `The ${who} broke its contract: ${what}`, details })
}

/** Refuses a configuration schema that would drop misspelt keys silently. */
export function assertStrictConfig(schema: AnySchema, who: string): void {
  const unguarded = unguardedObjects(schema)
  if (unguarded.length === 0) return
  const objects = unguarded.join(', ')
  throw contractBroken(who, `its configuration drops unknown keys silently in ${objects}; use z.strictObject`, {
    unguarded,
  })
}

/** The Arrow schemas already found equal to a stream schema: the batches of a stream mostly share both objects. */
const matching = new WeakMap<StreamSchema, WeakSet<object>>()

/**
 * Refuses a batch whose Arrow fields are not its schema's columns. Nullability is not compared: an unrepresentable
 * value is NULL in the batch even where the column is NOT NULL.
 */
export function assertBatchMatchesSchema(batch: ChangeBatch, who: string): void {
  const arrowSchema = batch.records.schema
  const known = matching.get(batch.schema)
  if (known?.has(arrowSchema)) return
  const expected = batch.schema.columns.map(arrowFieldOf).map(describeField)
  const actual = arrowSchema.fields.map(describeField)
  const at = expected.findIndex((field, index) => field !== actual[index])
  const stream = streamKey(batch.stream)
  if (actual.length !== expected.length) {
    const counts = `${actual.length} Arrow fields where its schema has ${expected.length} columns`
    throw contractBroken(who, `a batch of stream ${stream} has ${counts}`, { stream })
  }
  if (at >= 0) {
    const fields = `the Arrow field ${actual[at]} where its schema says ${expected[at]}`
    throw contractBroken(who, `a batch of stream ${stream} has ${fields}`, { stream })
  }
  if (known) known.add(arrowSchema)
  else matching.set(batch.schema, new WeakSet([arrowSchema]))
}

function describeField(field: Field): string {
  return `"${field.name}" ${describeType(field.type)}`
}

/** Arrow's own text of a type leaves out the width of decimals and the fields below lists. */
function describeType(type: DataType): string {
  if (DataType.isDecimal(type)) return `${type.toString()}/${type.bitWidth}`
  if (DataType.isList(type)) return `List<${describeType(type.valueType)}>`
  return (type as { toString(): string }).toString()
}
