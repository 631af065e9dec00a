import { z } from 'zod'

/** The answer to `check`. */
export const airbyteConnectionStatusSchema = z.looseObject({
  status: z.enum(['SUCCEEDED', 'FAILED']),
  message: z.string().nullish(),
})
export type AirbyteConnectionStatus = z.infer<typeof airbyteConnectionStatusSchema>
