import { EclusaError } from '@eclusa/sdk'

/** Bytes that no server following the protocol sends. */
export function protocolViolation(reason: string): EclusaError {
  return new EclusaError('REPLICATION_PROTOCOL_VIOLATION', {
    message: `The replication stream cannot be understood: ${reason}.`,
  })
}
