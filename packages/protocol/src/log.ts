import { z } from 'zod'

export const airbyteLogLevelSchema = z.enum(['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'])
export type AirbyteLogLevel = z.infer<typeof airbyteLogLevelSchema>

export const airbyteLogMessageSchema = z.looseObject({
  level: airbyteLogLevelSchema,
  message: z.string(),
  stack_trace: z.string().nullish(),
})
export type AirbyteLogMessage = z.infer<typeof airbyteLogMessageSchema>
