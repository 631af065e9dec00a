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

/** What is known of a stream schema: the text of each column's field, and the Arrow types found equal to it last. */
interface KnownSchema {
  readonly fields: readonly string[]
  readonly types: (DataType | undefined)[]
}

const knownSchemas = new WeakMap<StreamSchema, KnownSchema>()

/**
 * Refuses a batch whose Arrow fields are not its schema's columns. Nullability is not compared: an unrepresentable
 * value is NULL in the batch even where the column is NOT NULL. The batches of a stream mostly share their type objects,
 * so each is compared in full only once.
 */
export function assertBatchMatchesSchema(batch: ChangeBatch, who: string): void {
  assertChangesMatchRows(batch, who)
  const { columns } = batch.schema
  const { fields } = batch.records.schema
  const stream = streamKey(batch.stream)
  if (fields.length !== columns.length) {
    const counts = `${fields.length} Arrow fields where its schema has ${columns.length} columns`
    throw contractBroken(who, `a batch of stream ${stream} has ${counts}`, { stream })
  }
  const known = knownSchemaOf(batch.schema)
  for (const [index, field] of fields.entries()) {
    if (field.type === known.types[index] && field.name === columns[index]!.name) continue
    if (describeField(field) !== known.fields[index]) {
      const difference = `the Arrow field ${describeField(field)} where its schema says ${known.fields[index]}`
      throw contractBroken(who, `a batch of stream ${stream} has ${difference}`, { stream })
    }
    known.types[index] = field.type
  }
}

function assertChangesMatchRows({ stream, records, changes, schema }: ChangeBatch, who: string): void {
  if (changes === undefined) return
  const { operations, positions, orders, committedAtUs, unchanged } = changes
  const lengths = [operations.length, positions.length, orders.length, committedAtUs.length]
  if (lengths.every((length) => length === records.numRows) && unchanged.length === schema.columns.length) return
  const key = streamKey(stream)
  throw contractBroken(who, `the changes of a batch of stream ${key} are not one for each of its rows and columns`, {
    stream: key,
  })
}

function knownSchemaOf(schema: StreamSchema): KnownSchema {
  const known = knownSchemas.get(schema)
  if (known !== undefined) return known
  const fields = schema.columns.map(arrowFieldOf).map(describeField)
  const added: KnownSchema = { fields, types: [] }
  knownSchemas.set(schema, added)
  return added
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
