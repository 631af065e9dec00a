import process from 'node:process'
import type { OpenRun } from '@eclusa/pipeline'
import type { ConfiguredDestination, RunEvent, Warehouse } from '@eclusa/sdk'
import { EclusaError } from '@eclusa/sdk'
import type { CommandContext } from './command-context.ts'
import { heldFileOf } from './composition.ts'
import type { Project } from './config/project-schema.ts'
import { advance, followRate, noProgress } from './output/run-progress.ts'
import type { RunProgress } from './output/run-progress.ts'
import type { FollowStatus, SocketReply, SocketRequest } from './socket/socket-message.ts'
import { encodeValue } from './socket/socket-message.ts'
import { socketPathsOf } from './socket/socket-path.ts'
import { serveSocket } from './socket/socket-server.ts'

const nothing: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

/**
 * What a process that follows does for others while it holds the database file: it answers `eclusa query` and `eclusa
 * status` on a local socket.
 */
export class FollowService {
  readonly #context: CommandContext
  readonly #file: string | undefined
  readonly #destination: ConfiguredDestination
  #progress: RunProgress = noProgress

  constructor(context: CommandContext, parts: { project: Project; destination: ConfiguredDestination }) {
    this.#context = context
    this.#file = heldFileOf(parts.project)
    this.#destination = parts.destination
  }

  onEvent(event: RunEvent): void {
    this.#progress = advance(this.#progress, event)
  }

  /** Listens until it is disposed. @throws SOCKET_UNAVAILABLE */
  async serve(open: OpenRun): Promise<AsyncDisposable> {
    const file = this.#file
    if (file === undefined) return nothing
    return await serveSocket({
      file,
      paths: socketPathsOf(file, this.#context),
      answer: (request, signal) => this.#answer(request, open, signal),
      log: this.#context.log(),
    })
  }

  async *#answer(request: SocketRequest, open: OpenRun, signal: AbortSignal): AsyncGenerator<SocketReply> {
    await using warehouse = await open.openWarehouse()
    if (request.request === 'query') yield* readReplies(warehouse, request.sql, signal)
    else yield await this.#status(request.pipeline, open, { warehouse, signal })
  }

  async #status(
    pipeline: string,
    open: OpenRun,
    given: { readonly warehouse: Warehouse; readonly signal: AbortSignal },
  ): Promise<SocketReply> {
    const { destination, log } = { destination: this.#destination, log: this.#context.log() }
    const stored = await destination.progress?.({ pipeline, log, ...given })
    return { type: 'status', follow: this.#followStatus(open), stored: stored ?? { checkpoints: [], streams: [] } }
  }

  #followStatus({ pipeline, runId }: OpenRun): FollowStatus {
    const { follow, startedAtMs } = this.#progress
    const { lastCommitAtMs, lag = {} } = follow ?? {}
    return {
      pid: process.pid,
      pipeline,
      runId,
      startedAtMs,
      hasCaughtUp: follow?.hasCaughtUp ?? false,
      rows: follow?.rows ?? 0,
      bytes: follow?.bytes ?? 0,
      ...(follow === undefined ? { rowsPerSecond: 0, bytesPerSecond: 0 } : followRate(follow, Date.now())),
      ...(lastCommitAtMs === undefined ? {} : { lastCommitAtMs }),
      lag,
    }
  }
}

async function* readReplies(warehouse: Warehouse, sql: string, signal: AbortSignal): AsyncGenerator<SocketReply> {
  if (warehouse.read === undefined) {
    throw new EclusaError('CONFIG_INVALID', { message: 'This warehouse cannot be asked while a run has it open.' })
  }
  for await (const part of warehouse.read(sql, { signal })) {
    if (part.type === 'columns') yield { type: 'columns', columns: [...part.columns] }
    else yield { type: 'rows', rows: part.rows.map((row) => row.map(encodeValue)) }
  }
}
