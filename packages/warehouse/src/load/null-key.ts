import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'

/*
 * NULL says that a value is not known, so rows with NULL in their key may be one row or many. Merged as if NULL equalled
 * NULL, many become one and the others are lost; kept apart, each reading of a row adds it once more. Primary keys have no
 * NULL, so only a key that a person chose can: such a stream stops, and loses nothing.
 */

export function nullKey({ stream }: ConfiguredStream, column: string): EclusaError {
  return new EclusaError('KEY_VALUE_NULL', {
    message: `Key column "${column}" of stream ${streamKey(stream)} is NULL in some rows, so that they cannot be told apart.`,
    details: { stream: streamKey(stream), column },
  })
}
