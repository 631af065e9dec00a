import { z } from 'zod'
import { airbyteCatalogSchema } from './catalog.ts'
import { airbyteConnectionStatusSchema } from './connection-status.ts'
import { airbyteControlMessageSchema } from './control.ts'
import { destinationCatalogSchema } from './destination-catalog.ts'
import { airbyteLogMessageSchema } from './log.ts'
import { airbyteRecordMessageSchema } from './record.ts'
import { connectorSpecificationSchema } from './spec.ts'
import { airbyteStateMessageSchema } from './state.ts'
import { airbyteTraceMessageSchema } from './trace.ts'

/** The release of airbyte-protocol that these schemas describe. */
export const protocolVersion = '0.18.0'

/**
 * Every message of the protocol, told apart by `type`. The payload has the key that the protocol gives it, in its
 * mixture of spellings, and must be there; the protocol's YAML leaves it optional, but a RECORD without a record says
 * nothing. Unknown fields are kept everywhere. Optional fields may be null, as some connectors write them; leave them
 * out when writing, since the platform checks messages against a schema without null.
 *
 * @see https://github.com/airbytehq/airbyte-protocol release 0.18.0, airbyte_protocol.yaml v0
 */
export const airbyteMessageSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('RECORD'), record: airbyteRecordMessageSchema }),
  z.looseObject({ type: z.literal('STATE'), state: airbyteStateMessageSchema }),
  z.looseObject({ type: z.literal('LOG'), log: airbyteLogMessageSchema }),
  z.looseObject({ type: z.literal('SPEC'), spec: connectorSpecificationSchema }),
  z.looseObject({ type: z.literal('CONNECTION_STATUS'), connectionStatus: airbyteConnectionStatusSchema }),
  z.looseObject({ type: z.literal('CATALOG'), catalog: airbyteCatalogSchema }),
  z.looseObject({ type: z.literal('TRACE'), trace: airbyteTraceMessageSchema }),
  z.looseObject({ type: z.literal('CONTROL'), control: airbyteControlMessageSchema }),
  z.looseObject({ type: z.literal('DESTINATION_CATALOG'), destination_catalog: destinationCatalogSchema }),
])
export type AirbyteMessage = z.infer<typeof airbyteMessageSchema>
export type AirbyteMessageType = AirbyteMessage['type']
export type AirbyteMessageOf<Type extends AirbyteMessageType> = Extract<AirbyteMessage, { type: Type }>

/** A message of a type that this release of the protocol does not have. It is passed on as it is. */
export interface UnknownMessage {
  readonly type: string
  readonly [key: string]: unknown
}

const messageTypes: ReadonlySet<string> = new Set(airbyteMessageSchema.options.map((option) => option.shape.type.value))

export function isAirbyteMessageType(type: string): type is AirbyteMessageType {
  return messageTypes.has(type)
}
