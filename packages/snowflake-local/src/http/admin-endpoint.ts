import { z } from 'zod'
import { faultKinds, requestAreas, type Faults } from '../fault/faults.ts'

export const adminPath = '/snowflake-local/faults'

const faultSchema = z.strictObject({
  kind: z.enum(faultKinds),
  times: z.int().positive().optional(),
  after: z.int().nonnegative().optional(),
  at: z.enum(requestAreas).optional(),
  statement: z.string().optional(),
  delayMs: z.int().nonnegative().optional(),
})

/** The faults, for tests in any language: GET lists them, POST adds one, DELETE takes all away. */
export function answerAdmin(
  method: string,
  body: unknown,
  faults: Faults,
): { readonly status: number; readonly body: unknown } {
  if (method === 'DELETE') faults.clear()
  if (method === 'POST') {
    const given = faultSchema.safeParse(body)
    if (!given.success) return { status: 400, body: { error: z.prettifyError(given.error) } }
    faults.inject(given.data as Parameters<Faults['inject']>[0])
  }
  return { status: 200, body: { faults: faults.list() } }
}
