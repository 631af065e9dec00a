import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, StreamName, StreamSchema } from '@eclusa/sdk'
import type { Client } from 'pg'
import type { BatchBuilder } from '../codec/batch-builder.ts'
import { malformed } from '../codec/value-codec.ts'
import { valueFault } from '../codec/value-fault.ts'
import { requestCancel } from '../connection/cancel-request.ts'
import { isServerError, statementError } from '../connection/server-error.ts'
import { quoteIdentifier } from '../sql-text.ts'
import { readCopyHeader } from './copy-header.ts'
import { openCopySocket } from './copy-socket.ts'
import type { CopySocket } from './copy-socket.ts'
import { ReceiveBuffer } from './receive-buffer.ts'
import { copyDataType, messageHeaderBytes } from './tuple-decoder.ts'
import type { TupleDecoder } from './tuple-decoder.ts'

export interface CopyReaderOptions {
  readonly client: Client
  readonly sql: string
  readonly stream: StreamName
  readonly schema: StreamSchema
  readonly builder: BatchBuilder
  readonly decoder: TupleDecoder
  /** Bytes of finished batches that may wait to be taken. */
  readonly bytesMax: number
}

const readyForQueryType = 0x5a

/**
 * One COPY: data of the socket in, batches out. The socket pushes, the consumer pulls, and between them lies a queue of
 * finished batches, by whose bytes the socket is paused and resumed.
 *
 * | state    | data                    | error of the server     | connection lost, `fail` | ready for query |
 * |----------|-------------------------|-------------------------|-------------------------|-----------------|
 * | reading  | decoded                 | kept; reading           | failed                  | finished        |
 * | failed   | ignored                 | ignored                 | ignored                 | -               |
 * | finished | pg's                    | pg's                    | pg's                    | -               |
 */
export class CopyReader {
  readonly #options: CopyReaderOptions
  readonly #socket: CopySocket
  readonly #receive = new ReceiveBuffer()
  readonly #batches: ChangeBatch[] = []
  #batchesBytes = 0
  #state: 'reading' | 'failed' | 'finished' = 'reading'
  #failure: unknown
  #isPaused = false
  #hasHeader = false
  /** True while a batch is being filled. */
  #hasBatch = false
  #wake = () => {}

  constructor(options: CopyReaderOptions) {
    this.#options = options
    this.#socket = openCopySocket(options.client, {
      sql: options.sql,
      onData: (chunk) => this.#guard(() => this.#onData(chunk)),
      onError: (error) => this.#onError(error),
    })
  }

  /** The next batch; undefined after the last. */
  async next(): Promise<ChangeBatch | undefined> {
    // After an error of the server nothing more is yielded, but the session is idle only when the server says so.
    while (this.#state === 'reading' && (this.#batches.length === 0 || this.#failure !== undefined)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
    const batch = this.#batches.shift()
    if (batch) this.#onTaken(batch)
    return batch
  }

  /** Gives up: `next` throws the error, and the connection is closed. */
  fail(error: unknown): void {
    if (this.#state !== 'reading') return
    this.#state = 'failed'
    this.#failure = error
    this.#socket.destroy()
    this.#wake()
  }

  /** Ends reading; unless all was read, the connection is closed and the server told to stop. */
  async close(): Promise<void> {
    this.fail(undefined)
    this.#batches.length = 0
    if (this.#state === 'failed') await requestCancel(this.#options.client, { isAwaited: true })
  }

  #onData(chunk: Buffer): void {
    if (this.#state !== 'reading') return
    this.#receive.append(chunk)
    if (!this.#isPaused) this.#decode()
  }

  #onError(error: Error): void {
    if (this.#state !== 'reading') return
    const explained = explain(error, this.#options)
    // After an ordinary error the server goes on to say that it is ready; a fatal one ends the connection.
    if (isServerError(error) && error.severity === 'ERROR') this.#failure ??= explained
    else this.fail(this.#failure ?? explained)
  }

  #onTaken(batch: ChangeBatch): void {
    this.#batchesBytes -= batch.byteLength
    if (!this.#isPaused || this.#batchesBytes >= this.#options.bytesMax) return
    this.#isPaused = false
    this.#guard(() => this.#decode())
    if (!this.#isPaused) this.#socket.resume()
  }

  /** What is thrown while decoding belongs to the consumer, not to the socket. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Works off the received bytes as far as they are complete and the queue has room. */
  #decode(): void {
    while (this.#state === 'reading' && !this.#isPaused) {
      const { wire, start, end } = this.#receive
      if (end - start < messageHeaderBytes) return
      const messageEnd = start + 1 + wire.view.getInt32(start + 1)
      if (messageEnd - start < messageHeaderBytes) throw malformed('a message is shorter than its header')
      if (messageEnd > end) {
        this.#receive.expectMessage(messageEnd - start)
        return
      }
      if (wire.bytes[start] === copyDataType) this.#decodeTuples(messageEnd)
      else this.#forward(messageEnd)
    }
  }

  #decodeTuples(firstEnd: number): void {
    const { decoder } = this.#options
    const { wire, start, end } = this.#receive
    if (decoder.isEnded) throw malformed('there are data after the end of the COPY')
    let skip = 0
    if (!this.#hasHeader) {
      skip = readCopyHeader(wire, start + messageHeaderBytes, firstEnd)
      this.#hasHeader = true
      // A header alone in its message has no tuple to be decoded.
      if (start + messageHeaderBytes + skip === firstEnd) {
        this.#receive.consumeTo(firstEnd)
        return
      }
    }
    this.#receive.consumeTo(this.#decodeRun(start, end, skip))
    if (decoder.isFull) this.#finishBatch()
  }

  #decodeRun(start: number, end: number, skip: number): number {
    const { decoder, schema } = this.#options
    if (!this.#hasBatch) decoder.begin()
    this.#hasBatch = true
    try {
      return decoder.decode(this.#receive.wire, start, end, skip)
    } catch (error) {
      throw valueFault(schema, decoder.faultyColumn, error)
    }
  }

  #forward(messageEnd: number): void {
    const { wire, start, end } = this.#receive
    const isLast = wire.bytes[start] === readyForQueryType
    // pg may keep what it is given, and this memory is used again.
    const message = Buffer.from(wire.bytes.subarray(start, isLast ? end : messageEnd))
    this.#receive.consumeTo(isLast ? end : messageEnd)
    if (isLast) this.#finish()
    this.#socket.forward(message)
  }

  /** The server is done with the query: with success, or with the error that it reported before. */
  #finish(): void {
    const { decoder } = this.#options
    this.#socket.release()
    if (this.#failure === undefined && !decoder.isEnded) this.#failure = malformed('the COPY ended without its trailer')
    if (this.#failure === undefined && this.#hasBatch && decoder.rows > 0) this.#finishBatch()
    this.#state = 'finished'
    this.#wake()
  }

  #finishBatch(): void {
    const { builder, decoder, bytesMax } = this.#options
    const batch = builder.finish(decoder.rows)
    this.#hasBatch = false
    this.#batches.push(batch)
    this.#batchesBytes += batch.byteLength
    if (this.#batchesBytes >= bytesMax) {
      this.#isPaused = true
      this.#socket.pause()
    }
    this.#wake()
  }
}

function explain(error: Error, { client, stream }: CopyReaderOptions): EclusaError {
  const relation = [stream.namespace, stream.name].filter((name) => name !== undefined).map(quoteIdentifier)
  return statementError(error, {
    doing: `reading ${streamKey(stream)}`,
    stream: streamKey(stream),
    remedies: {
      POSTGRES_PRIVILEGE_MISSING: `GRANT SELECT ON ${relation.join('.')} TO ${quoteIdentifier(client.user ?? 'the role')}`,
    },
  })
}
