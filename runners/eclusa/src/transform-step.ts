import { transform, transformConfigSchema } from '@eclusa/transform'
import type { StepPart } from './connector.ts'
export const transformStep: StepPart = {
  description: 'A dbt project, run in the warehouse.',
  config: transformConfigSchema,
  open: (config) => transform(transformConfigSchema.parse(config)),
}
