import { parentPort } from 'node:worker_threads'
import { openDuckDb } from '@eclusa/warehouse'
import type { DuckDbSession, DuckDbWarehouse } from '@eclusa/warehouse'
import { passesSelfTest } from '../chunk/self-test.ts'
import type { AppendMethod } from '../chunk/table-appender.ts'
import { Load } from '../store/load.ts'
import { errorData } from './error-data.ts'
import type { FromWorker, OpenAnswer, ToWorker, WorkerAnswers, WorkerCall, WorkerOptions } from './message.ts'

/*
 * The thread that holds the database. DuckDB appends synchronously: here it stops nobody who reads from the source.
 * Calls are handled one after the other in the order of their arrival.
 */

interface Open {
  readonly warehouse: DuckDbWarehouse
  readonly session: DuckDbSession
  readonly load: Load
}

const port = parentPort!
const interruption = new AbortController()
let open: Open | undefined
let last: Promise<void> = Promise.resolve()

port.on('message', (message: ToWorker) => {
  if ('interrupt' in message) interruption.abort()
  else last = last.then(() => answer(message.id, message.request))
})

async function answer(id: number, request: WorkerCall): Promise<void> {
  try {
    send({ id, answer: await handle(request) }, request.call === 'append' ? request.buffers : [])
  } catch (error) {
    send({ id, error: errorData(error) }, [])
  }
  // The thread ends when nothing is left to listen to.
  if (request.call === 'close') port.close()
}

function send(message: FromWorker, transfer: readonly ArrayBuffer[]): void {
  port.postMessage(message, [...transfer])
}

async function handle(request: WorkerCall): Promise<WorkerAnswers[WorkerCall['call']]> {
  switch (request.call) {
    case 'open':
      return openLoad(request.options)
    case 'start':
      return open!.load.startStream(request.stream, { resumed: request.resumed })
    case 'restart':
      return open!.load.restartStream(request.stream)
    case 'append':
      return { notes: await open!.load.append(request.batch), buffers: [...request.buffers] }
    case 'complete':
      open!.load.completeStream(request.stream)
      return undefined
    case 'commit':
      return open!.load.commit(request.checkpoints)
    case 'close':
      return close()
  }
}

async function openLoad(options: WorkerOptions): Promise<OpenAnswer> {
  const { path, threads, memoryLimit, temporaryDirectory } = options
  const warehouse = await openDuckDb({
    path,
    signal: interruption.signal,
    ...(threads === undefined ? {} : { threads }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(temporaryDirectory === undefined ? {} : { temporaryDirectory }),
  })
  try {
    const session = await warehouse.connect()
    const { method, notes } = await chooseMethod(session, options)
    const load = await Load.open(session, { ...options, method })
    open = { warehouse, session, load }
    return { checkpoints: load.checkpoints, notes: [...notes, ...load.warnings] }
  } catch (error) {
    await warehouse[Symbol.asyncDispose]()
    throw error
  }
}

async function chooseMethod(
  session: DuckDbSession,
  { appendMethod }: WorkerOptions,
): Promise<{ method: AppendMethod; notes: string[] }> {
  if (appendMethod !== 'auto') return { method: appendMethod, notes: [] }
  if (await passesSelfTest(session)) return { method: 'raw', notes: [] }
  const note =
    'The self-test of fast loading failed with this build of DuckDB: rows are handed over one value at a time.'
  return { method: 'values', notes: [note] }
}

async function close(): Promise<undefined> {
  if (open === undefined) return
  const { warehouse, load } = open
  open = undefined
  // After an interruption ROLLBACK is refused like every statement; closing the connection rolls back all the same.
  await load.discard().catch(() => {})
  await warehouse[Symbol.asyncDispose]()
}
