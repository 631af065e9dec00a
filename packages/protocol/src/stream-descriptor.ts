import { z } from 'zod'

/** Which stream: its name, and the namespace (a schema, for databases) where the source has them. */
export const streamDescriptorSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().nullish(),
})
export type StreamDescriptor = z.infer<typeof streamDescriptorSchema>
