import { parentPort } from 'node:worker_threads'
import { CallHandler } from './call-handler.ts'
import { errorData } from './error-data.ts'
import type { FromWorker, ToWorker, WorkerCall } from './message.ts'

// The thread that holds the database: DuckDB appends synchronously, and here it holds up nobody who reads the source.

const port = parentPort!
const handler = new CallHandler()
let last: Promise<void> = Promise.resolve()

port.on('message', (message: ToWorker) => {
  if ('interrupt' in message) handler.interrupt()
  else last = last.then(() => answer(message.id, message.request))
})

async function answer(id: number, request: WorkerCall): Promise<void> {
  try {
    send({ id, answer: await handler.handle(request) }, request.call === 'append' ? request.buffers : [])
  } catch (error) {
    send({ id, error: errorData(error) }, [])
  }
  // The thread ends when nothing is left to listen to.
  if (request.call === 'close') port.close()
}

function send(message: FromWorker, transfer: readonly ArrayBuffer[]): void {
  port.postMessage(message, [...transfer])
}
