import { Writable } from 'node:stream'

/** The process's stdout for one writer alone. */
export interface OwnStdout extends Disposable {
  readonly stream: Writable
}

/**
 * Takes stdout for messages: what anybody else prints from here to the disposal, by `console` or `process.stdout`, goes to
 * stderr. Programs that write to the file descriptor itself are not reached.
 */
export function ownStdout(): OwnStdout {
  const { stdout, stderr } = process
  const write = stdout.write.bind(stdout)
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Uint8Array | string, encoding, done) {
      write(chunk, encoding, done)
    },
  })
  const onError = (error: Error): void => void stream.destroy(error)
  stdout.on('error', onError)
  stdout.write = ((...given: Parameters<typeof stderr.write>) => stderr.write(...given)) as typeof stdout.write
  return {
    stream,
    [Symbol.dispose]: () => {
      stdout.write = write
      stdout.off('error', onError)
    },
  }
}
