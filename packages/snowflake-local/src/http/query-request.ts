import { z } from 'zod'
import type { Bind } from '../engine/statement.ts'
import { givenParametersSchema } from './session-parameters.ts'

const bindValue = z
  .union([z.string(), z.number(), z.boolean()])
  .nullable()
  .transform((value) => (value === null ? null : String(value)))

/** The body of a query request, of which drivers send more than is looked at here. */
export const queryRequestSchema = z.object({
  sqlText: z.string(),
  asyncExec: z.boolean().nullish(),
  describeOnly: z.boolean().nullish(),
  bindStage: z.string().nullish(),
  parameters: givenParametersSchema,
  bindings: z
    .record(z.string(), z.object({ type: z.string(), value: z.union([bindValue, z.array(bindValue)]) }))
    .nullish(),
})

export type QueryRequest = z.infer<typeof queryRequestSchema>

/** The binds in the order of their numbers. */
export function readBinds(bindings: QueryRequest['bindings']): readonly Bind[] | undefined {
  if (bindings === null || bindings === undefined) return undefined
  return Object.entries(bindings)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, bind]) => bind)
}
