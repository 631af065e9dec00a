import { z } from 'zod'

/** `unique`, or `accepted_values: { values: […], config: {…} }`, or dbt 1.10's `{ name, arguments, config }`. */
const testSchema = z.union([z.string(), z.record(z.string(), z.unknown())])
const testsSchema = z.array(testSchema)

const columnSchema = z.looseObject({
  name: z.string(),
  description: z.string().default(''),
  data_tests: testsSchema.optional(),
  tests: testsSchema.optional(),
})

const describedSchema = {
  name: z.string(),
  description: z.string().default(''),
  columns: z.array(columnSchema).default([]),
  data_tests: testsSchema.optional(),
  tests: testsSchema.optional(),
  config: z.record(z.string(), z.unknown()).default({}),
}

const sourceTableSchema = z.looseObject({ ...describedSchema, identifier: z.string().optional() })

/** A properties file: any .yml below the model paths. */
export const propertiesFileSchema = z.looseObject({
  version: z.literal(2).optional(),
  models: z.array(z.looseObject(describedSchema)).default([]),
  sources: z
    .array(
      z.looseObject({
        name: z.string(),
        description: z.string().default(''),
        schema: z.string().optional(),
        database: z.string().optional(),
        tables: z.array(sourceTableSchema).default([]),
      }),
    )
    .default([]),
})
export type PropertiesFile = z.output<typeof propertiesFileSchema>
export type ModelProperties = PropertiesFile['models'][number]
export type SourceProperties = PropertiesFile['sources'][number]
export type ColumnProperties = z.output<typeof columnSchema>
export type TestProperties = z.output<typeof testSchema>
