import type { InputMeasureProperties, InputMetricProperties, MetricProperties } from '../project/semantic-properties.ts'

/** The `type_params` of a metric with all keys that dbt's manifest has; `input_measures` are found when it is linked. */
export function metricTypeParams({ type, type_params: params }: MetricProperties): Readonly<Record<string, unknown>> {
  const { conversion_type_params: conversion, cumulative_type_params: cumulative } = params
  return {
    measure: orNull(params.measure, inputMeasure),
    input_measures: [],
    numerator: orNull(params.numerator, inputMetric),
    denominator: orNull(params.denominator, inputMetric),
    expr: orNull(params.expr, String),
    window: orNull(params.window, timeWindow),
    grain_to_date: params.grain_to_date ?? null,
    metrics: params.metrics.map(inputMetric),
    conversion_type_params: orNull(conversion, (given) => ({
      base_measure: inputMeasure(given.base_measure),
      conversion_measure: inputMeasure(given.conversion_measure),
      entity: given.entity,
      calculation: given.calculation,
      window: orNull(given.window, timeWindow),
      constant_properties: given.constant_properties ?? null,
    })),
    // Older projects say the same one level higher.
    cumulative_type_params:
      type !== 'cumulative'
        ? null
        : {
            window: orNull(cumulative?.window ?? params.window, timeWindow),
            grain_to_date: cumulative?.grain_to_date ?? params.grain_to_date ?? null,
            period_agg: cumulative?.period_agg ?? 'first',
            metric: null,
          },
    metric_aggregation_params: null,
  }
}

/** The conditions of a `filter` or `where`, which are rendered by MetricFlow. */
export function whereFilters(filter: string | readonly string[] | null | undefined) {
  return orNull(filter, (given) => ({
    where_filters: [given].flat().map((text) => ({ where_sql_template: text })),
  }))
}

function inputMeasure(given: InputMeasureProperties) {
  const measure = typeof given === 'string' ? { name: given } : given
  return {
    name: measure.name,
    filter: whereFilters(measure.filter),
    alias: measure.alias ?? null,
    join_to_timespine: measure.join_to_timespine ?? false,
    fill_nulls_with: measure.fill_nulls_with ?? null,
  }
}

function inputMetric(given: InputMetricProperties) {
  const metric = typeof given === 'string' ? { name: given } : given
  return {
    name: metric.name,
    filter: whereFilters(metric.filter),
    alias: metric.alias ?? null,
    offset_window: orNull(metric.offset_window, timeWindow),
    offset_to_grain: metric.offset_to_grain ?? null,
  }
}

const granularities = new Set([
  'nanosecond',
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
])

/** `28 days`; of a granularity that a project made itself the name may end in an s. */
function timeWindow(text: string) {
  const [count, given = ''] = text.toLowerCase().split(' ')
  const singular = given.replace(/s$/u, '')
  return { count: Number(count), granularity: granularities.has(singular) ? singular : given }
}

function orNull<Given, Result>(given: Given | null | undefined, map: (given: Given) => Result): Result | null {
  return given === null || given === undefined ? null : map(given)
}
