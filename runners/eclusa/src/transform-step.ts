import { transform } from '@eclusa/transform'
import { z } from 'zod'
import type { StepPart } from './connector.ts'

const selection = z.array(z.string().min(1)).optional()

const transformConfigSchema = z.strictObject({
  project: z.string().min(1).meta({ path: true }).describe('The folder with dbt_project.yml.'),
  name: z.string().min(1).optional().describe('Name of the step in output and events. Default: transform.'),
  target_schema: z.string().min(1).optional().describe('Schema for models that name none. Default: analytics.'),
  target: z.string().min(1).optional().describe("What `target.name` is in the project's templates. Default: dev."),
  threads: z.int().min(1).max(64).optional().describe('Models and tests at once, at most. Default: 4.'),
  vars: z.record(z.string(), z.unknown()).optional().describe('Variables of the project, for `var()`. Default: none.'),
  select: selection.describe("Models and tests to build, in dbt's selection grammar. Default: all."),
  exclude: selection.describe('Models and tests to leave out. Default: none.'),
  only_stale: z
    .boolean()
    .optional()
    .describe('Leave out what has not changed since it was built, or passed. Default: false.'),
  fail_fast: z.boolean().optional().describe('Stop at the first failure. Default: false.'),
})
export type TransformConfig = z.input<typeof transformConfigSchema>

/** A dbt project as a step. */
export const transformStep: StepPart = {
  description: 'A dbt project: builds its models in the warehouse, then runs their tests.',
  config: transformConfigSchema,
  open: (input, { fullRefresh }) => {
    const {
      target_schema: schema,
      target: targetName,
      fail_fast: failFast,
      only_stale: onlyStale,
      ...config
    } = transformConfigSchema.parse(input)
    return transform(withoutUndefined({ ...config, schema, targetName, failFast, onlyStale, fullRefresh }))
  },
}

type Defined<Options> = { [Key in keyof Options]: Exclude<Options[Key], undefined> }

/** With exactOptionalPropertyTypes an option that is not given must be absent. */
function withoutUndefined<Options extends { project: string }>(
  options: Options,
): Partial<Defined<Options>> & { project: string } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Partial<Defined<Options>> & { project: string }
}
