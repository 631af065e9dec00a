import { z } from 'zod'
import { jsonObjectSchema } from './json-value.ts'

/** The connector's configuration as it is from now on, for instance with a token that the server has renewed. */
export const airbyteControlConnectorConfigMessageSchema = z.looseObject({
  config: jsonObjectSchema,
})
export type AirbyteControlConnectorConfigMessage = z.infer<typeof airbyteControlConnectorConfigMessageSchema>

/** What the connector asks the platform to do: so far only to store a changed configuration. */
export const airbyteControlMessageSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('CONNECTOR_CONFIG'),
    /** Milliseconds since 1970; the protocol allows a fraction here. */
    emitted_at: z.number(),
    connectorConfig: airbyteControlConnectorConfigMessageSchema,
  }),
])
export type AirbyteControlMessage = z.infer<typeof airbyteControlMessageSchema>
