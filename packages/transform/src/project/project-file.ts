import { z } from 'zod'

const paths = (fallback: string) => z.array(z.string()).default([fallback])

/** dbt_project.yml, as far as this version reads it; other keys of dbt are accepted and have no effect yet. */
export const projectFileSchema = z.looseObject({
  name: z.string().regex(/^[A-Za-z_]\w*$/u, 'must be letters, digits and underscores, and not begin with a digit'),
  version: z.union([z.string(), z.number()]).optional(),
  'config-version': z.literal(2).optional(),
  profile: z.string().optional(),
  'model-paths': paths('models'),
  'macro-paths': paths('macros'),
  'test-paths': paths('tests'),
  'target-path': z.string().default('target'),
  vars: z.record(z.string(), z.unknown()).default({}),
  models: z.record(z.string(), z.unknown()).default({}),
  data_tests: z.record(z.string(), z.unknown()).optional(),
  tests: z.record(z.string(), z.unknown()).optional(),
  sources: z.record(z.string(), z.unknown()).default({}),
})
export type ProjectFile = z.output<typeof projectFileSchema>
