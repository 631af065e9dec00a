import { parseColumnType } from '@eclusa/sdk'
import { z } from 'zod'
import type { ConnectorRegistry } from './connector-registry.ts'
import { byteSizeSchema, durationSchema } from './quantity.ts'

/*
 * The shape of eclusa.yaml, apart from the options of connectors and steps, which their own packages state.
 * Descriptions end up in the JSON Schema, hence in editors and in docs/reference/config.md.
 */

const name = (text: string) => z.string().min(1).describe(text)

const streamOptions = {
  sync_mode: z
    .enum(['full_refresh', 'incremental'])
    .describe(
      '`full_refresh` reads everything each time; `incremental` reads what is new since the last run. Default: incremental for a stream with a cursor and for a table that the source replicates, else full_refresh.',
    )
    .optional(),
  destination_sync_mode: z
    .enum(['overwrite', 'append', 'append_dedup'])
    .describe(
      '`overwrite` replaces the table in one step; `append` adds rows; `append_dedup` keeps the last row of each key.',
    )
    .optional(),
  schema_policy: z
    .enum(['evolve', 'freeze', 'discard'])
    .describe(
      'When the columns of the source change: `evolve` changes the table, `freeze` stops, `discard` leaves new columns out. Default: evolve.',
    )
    .optional(),
  on_unrepresentable: z
    .enum(['keep_text', 'fail'])
    .describe(
      'A value that the column type cannot hold: `keep_text` writes NULL and keeps the exact text in `_airbyte_meta`, `fail` stops. Default: keep_text.',
    )
    .optional(),
}

const columnTypeText = z
  .string()
  .refine((text) => parseColumnType(text) !== undefined, 'expected a column type such as text, int64 or decimal(18,2)')

const streamName = name(
  'A stream (`sales.orders`) or a pattern (`sales.*`); a leading `!` takes the matching streams out.',
)

export const streamSchema = z
  .strictObject({
    name: streamName,
    ...streamOptions,
    cursor: name('Column whose values grow with every change; makes the stream incremental.').optional(),
    primary_key: z
      .array(z.string().min(1))
      .min(1)
      .describe('Columns that identify a row. Default: the primary key of the table.')
      .optional(),
    target: name(
      '`schema.table` or `table` in the warehouse. Default: the name of the stream. Not for patterns.',
    ).optional(),
    columns: z
      .record(z.string(), columnTypeText)
      .describe("Column types other than the source's own: `{ amount: decimal(18,2) }`.")
      .optional(),
  })
  .describe('One stream and how it moves.')

export function projectSchemaOf(registry: ConnectorRegistry) {
  return z
    .strictObject({
      version: z.literal(1).describe('The version of this format.'),
      name: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_-]*$/u, 'expected a letter followed by letters, digits, "_" or "-"')
        .max(63)
        .describe('Names the pipeline. The warehouse keeps its progress under this name: another name starts anew.'),
      source: connectorSchema(registry.sources, 'Where rows come from.'),
      destination: connectorSchema(registry.destinations, 'Where rows go to.'),
      defaults: z
        .strictObject({
          ...streamOptions,
          target_schema: name('Schema in the warehouse. Default: the schema of the stream.').optional(),
        })
        .describe('What holds for every stream that does not say otherwise.')
        .optional(),
      streams: z
        .array(z.union([streamName, streamSchema]))
        .min(1, 'expected at least one stream or pattern, such as "sales.*"')
        .describe('Which streams move. An exact name wins over a pattern, a later pattern over an earlier one.'),
      steps: z
        .array(stepSchema(registry.steps))
        .describe('What runs in the warehouse after loading, in order.')
        .optional(),
      follow: z
        .strictObject({
          steps_interval: durationSchema
            .describe(
              'While a run follows, run the steps at most once in so long, after new rows: `5min`. Default: 60s.',
            )
            .optional(),
        })
        .describe('How `eclusa run --follow` goes on.')
        .optional(),
      limits: z
        .strictObject({
          memory: byteSizeSchema
            .describe('Bytes of row batches alive at once, at most: `256MiB`. Default: 24MiB.')
            .optional(),
          commit_bytes: byteSizeSchema
            .describe('Commit at the latest after so many bytes. Default: 128MiB.')
            .optional(),
          commit_interval: durationSchema
            .describe('Commit at the latest after so long: `10s`. Default: 10s.')
            .optional(),
        })
        .describe('How much memory a run may take and how often it commits.')
        .optional(),
    })
    .describe('A pipeline: a source, a destination, the streams between them, and the steps after.')
}

/** Which connector it is decides about all other keys: they are checked by its own schema. */
function connectorSchema(parts: ConnectorRegistry['sources'], text: string) {
  return z.looseObject({ connector: z.enum(Object.keys(parts)) }).describe(text)
}

function stepSchema(parts: ConnectorRegistry['steps']) {
  const members = Object.keys(parts).map((part) => [part, z.unknown()])
  return z
    .strictObject(Object.fromEntries(members) as Record<string, z.ZodOptional<z.ZodUnknown>>)
    .partial()
    .refine((step) => Object.keys(step).length === 1, {
      error: 'expected one key, the name of the step',
      // A misspelt name is one fault, not two.
      when: ({ issues }) => issues.length === 0,
    })
}

/** A project as its author writes it. */
export type ProjectInput = z.input<ReturnType<typeof projectSchemaOf>>
/** A checked project: references resolved, paths absolute, quantities in bytes and milliseconds. */
export type Project = z.output<ReturnType<typeof projectSchemaOf>>
