import { z } from 'zod'

/*
 * Metrics, semantic models and saved queries as properties files have them. What MetricFlow alone looks at is taken as
 * it is. Source: dbt-core, contracts/graph/unparsed.py.
 */

/** What was left empty is as if it was not written. */
const optional = <Schema extends z.ZodType>(schema: Schema) => z.preprocess((value) => value ?? undefined, schema)
const list = <Schema extends z.ZodType>(schema: Schema) => optional(z.array(schema).default([]))
const settings = optional(z.record(z.string(), z.unknown()).default({}))
const filter = z.union([z.string(), z.array(z.string())]).nullish()
const text = z.string().nullish()
/** `expr: 1` is the text `1`. */
const expression = z.union([z.string(), z.number(), z.boolean()]).nullish()
const window = z
  .string()
  .regex(/^\d+ \S+$/u, 'must be a number and a granularity, as `28 days`')
  .nullish()

const inputMeasureSchema = z.union([
  z.string(),
  z.looseObject({
    name: z.string(),
    filter,
    alias: text,
    join_to_timespine: z.boolean().nullish(),
    fill_nulls_with: z.number().nullish(),
  }),
])
export type InputMeasureProperties = z.output<typeof inputMeasureSchema>

const inputMetricSchema = z.union([
  z.string(),
  z.looseObject({ name: z.string(), filter, alias: text, offset_window: window, offset_to_grain: text }),
])
export type InputMetricProperties = z.output<typeof inputMetricSchema>

const typeParamsSchema = z.looseObject({
  measure: inputMeasureSchema.nullish(),
  numerator: inputMetricSchema.nullish(),
  denominator: inputMetricSchema.nullish(),
  expr: expression,
  window,
  grain_to_date: text,
  metrics: list(inputMetricSchema),
  conversion_type_params: z
    .looseObject({
      base_measure: inputMeasureSchema,
      conversion_measure: inputMeasureSchema,
      entity: z.string(),
      calculation: z.enum(['conversions', 'conversion_rate']).default('conversion_rate'),
      window,
      constant_properties: z.array(z.record(z.string(), z.unknown())).nullish(),
    })
    .nullish(),
  cumulative_type_params: z
    .looseObject({ window, grain_to_date: text, period_agg: z.enum(['first', 'last', 'average']).default('first') })
    .nullish(),
})

export const metricSchema = z.looseObject({
  name: z.string(),
  label: z.string(),
  type: z.enum(['simple', 'ratio', 'cumulative', 'derived', 'conversion']),
  type_params: typeParamsSchema,
  description: z.string().nullish(),
  filter,
  time_granularity: text,
  meta: settings,
  tags: list(z.string()),
  config: settings,
})
export type MetricProperties = z.output<typeof metricSchema>

const elementSchema = z.looseObject({
  name: z.string(),
  description: text,
  label: text,
  expr: expression,
  config: settings,
})

export const semanticModelSchema = z.looseObject({
  name: z.string(),
  model: z.string(),
  description: text,
  label: text,
  defaults: z.looseObject({ agg_time_dimension: text }).nullish(),
  primary_entity: text,
  entities: list(z.looseObject({ ...elementSchema.shape, type: z.string(), role: text })),
  dimensions: list(
    z.looseObject({
      ...elementSchema.shape,
      type: z.string(),
      is_partition: z.boolean().default(false),
      type_params: z
        .looseObject({
          time_granularity: z.string(),
          validity_params: z
            .looseObject({ is_start: z.boolean().default(false), is_end: z.boolean().default(false) })
            .nullish(),
        })
        .nullish(),
    }),
  ),
  measures: list(
    z.looseObject({
      ...elementSchema.shape,
      agg: z.string(),
      create_metric: z.boolean().default(false),
      agg_time_dimension: text,
      agg_params: z
        .looseObject({
          percentile: z.number().nullish(),
          use_discrete_percentile: z.boolean().default(false),
          use_approximate_percentile: z.boolean().default(false),
        })
        .nullish(),
      non_additive_dimension: z
        .looseObject({
          name: z.string(),
          window_choice: z.string().default('min'),
          window_groupings: list(z.string()),
        })
        .nullish(),
    }),
  ),
  config: settings,
})
export type SemanticModelProperties = z.output<typeof semanticModelSchema>

export const savedQuerySchema = z.looseObject({
  name: z.string(),
  description: text,
  label: text,
  tags: optional(
    z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string()).default([])),
  ),
  query_params: z.looseObject({
    metrics: list(z.string()),
    group_by: list(z.string()),
    where: filter,
    order_by: list(z.string()),
    limit: z.int().nullish(),
  }),
  exports: list(z.looseObject({ name: z.string(), config: settings })),
  config: settings,
})
export type SavedQueryProperties = z.output<typeof savedQuerySchema>
