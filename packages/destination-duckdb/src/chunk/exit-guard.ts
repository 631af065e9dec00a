import { isMainThread } from 'node:worker_threads'

/*
 * Before a process ends, Node waits for the threads of its pool. One of them runs the statement, and waits for rows from
 * this thread, which then runs nothing any longer: `process.exit` and an uncaught error would never come to an end. The
 * file needs no orderly end, so the process is ended as by a power cut: its exit code is lost, except that of Ctrl-C,
 * which a shell also shows for a process that SIGINT ended.
 */

const exitCodeOfInterrupt = 130
let statements = 0

function endAtOnce(code: number): void {
  if (code === exitCodeOfInterrupt) {
    process.removeAllListeners('SIGINT')
    process.kill(process.pid, 'SIGINT')
  }
  process.kill(process.pid, 'SIGKILL')
  // The first process of a container gets no signals that it does not handle, not even from itself.
  process.abort()
}

/** Runs a statement whose rows this thread gives; should the process exit meanwhile, it really does. */
export async function withExitGuard<Result>(run: () => Promise<Result>): Promise<Result> {
  // In a worker the event tells only of the worker's end.
  if (!isMainThread) return run()
  if (statements++ === 0) process.on('exit', endAtOnce)
  try {
    return await run()
  } finally {
    if (--statements === 0) process.off('exit', endAtOnce)
  }
}
