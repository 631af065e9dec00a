import { spawn } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as immediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { AirbyteMessage } from './message.ts'
import { createMessageWriter } from './message-writer.ts'

function record(id: number, note = ''): AirbyteMessage {
  return { type: 'RECORD', record: { stream: 'orders', data: { id, note }, emitted_at: 1_700_000_000_000 } }
}

/** A stream that takes one piece at a time, and only when told to. */
class HeldOutput extends Writable {
  readonly pieces: string[] = []
  #release: (() => void) | undefined

  constructor(highWaterMark = 1) {
    super({ highWaterMark, decodeStrings: false })
  }

  override _write(piece: string, _encoding: string, callback: () => void): void {
    this.pieces.push(piece)
    this.#release = callback
  }

  release(): void {
    this.#release?.()
  }
}

/** Tells whether a promise has settled by the next turn of the event loop. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  const settled = (): void => void (pending = false)
  promise.then(settled, settled)
  await immediate()
  return pending
}

function ids(lines: string): number[] {
  return [...lines.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id))
}

const outputFailed = expect.objectContaining({ code: 'PROTOCOL_OUTPUT_FAILED', failureType: 'transient_error' })

describe('createMessageWriter', () => {
  test('writes one line per message', async () => {
    const output = new PassThrough()
    const writer = createMessageWriter(output)
    await writer.write(record(1, 'a\nb'))
    await writer.writeLine('{"type":"LATER"}')
    await writer.writeAll([record(2), record(3)])
    expect(String(output.read())).toBe(
      '{"type":"RECORD","record":{"stream":"orders","data":{"id":1,"note":"a\\nb"},"emitted_at":1700000000000}}\n' +
        '{"type":"LATER"}\n' +
        '{"type":"RECORD","record":{"stream":"orders","data":{"id":2,"note":""},"emitted_at":1700000000000}}\n' +
        '{"type":"RECORD","record":{"stream":"orders","data":{"id":3,"note":""},"emitted_at":1700000000000}}\n',
    )
  })

  test.each([
    [3, '3.0'],
    [0, '0.0'],
    [9_007_199_254_740_991, '9007199254740991.0'],
    [1e21, '1e+21'],
    [2.5, '2.5'],
    [null, 'null'],
  ])('writes a count of %s as the double %s', async (count, double) => {
    const output = new PassThrough()
    const writer = createMessageWriter(output)
    const stats = { recordCount: count, rejectedRecordCount: count, laterCount: 3 }
    await writer.write({
      type: 'STATE',
      state: { data: { cursor: 3 }, sourceStats: stats, destinationStats: stats, later: 3 },
    })
    const written = `{"recordCount":${double},"rejectedRecordCount":${double},"laterCount":3}`
    expect(String(output.read())).toBe(
      `{"type":"STATE","state":{"data":{"cursor":3},"sourceStats":${written},"destinationStats":${written},"later":3}}\n`,
    )
  })

  test('refuses a message with a number that JSON cannot write, and writes the next one', async () => {
    const output = new PassThrough()
    const writer = createMessageWriter(output)
    await expect(writer.write(record(Number.NaN))).rejects.toMatchObject({ code: 'PROTOCOL_NUMBER_UNREPRESENTABLE' })
    await writer.write(record(2))
    expect(ids(String(output.read()))).toEqual([2])
  })

  test('refuses a line that is two', async () => {
    const writer = createMessageWriter(new PassThrough())
    await expect(writer.writeLine('{}\n{}')).rejects.toThrow(RangeError)
  })

  test('resolves a write when the output has accepted it, not before', async () => {
    const { signal } = new AbortController()
    const output = new HeldOutput()
    const writer = createMessageWriter(output, { signal })
    const writing = writer.write(record(1))
    expect(await isPending(writing)).toBe(true)
    output.release()
    await writing
    expect(output.listenerCount('drain') + output.listenerCount('close')).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('holds no more than the high-water mark and one message, and keeps the order, when calls are not awaited', async () => {
    const output = new HeldOutput(1_000)
    const writer = createMessageWriter(output)
    const messages = Array.from({ length: 200 }, (_, id) => record(id, 'x'.repeat(300)))
    const writing = Promise.all(messages.map((message) => writer.write(message)))
    let bufferedMax = 0
    while (await isPending(writing)) {
      bufferedMax = Math.max(bufferedMax, output.writableLength)
      output.release()
    }
    while (output.writableLength > 0) {
      output.release()
      await immediate()
    }
    expect(bufferedMax).toBeLessThan(1_000 + 500)
    expect(ids(output.pieces.join(''))).toEqual(messages.map((_, id) => id))
  })

  test('makes the messages of writeAll in pieces, and the next piece only when the last was accepted', async () => {
    const output = new HeldOutput()
    const writer = createMessageWriter(output)
    let made = 0
    function* messages() {
      while (made < 3_000) yield record(made++, 'x'.repeat(100))
    }
    const writing = writer.writeAll(messages())
    expect(await isPending(writing)).toBe(true)
    expect(made).toBeLessThan(500)
    while (await isPending(writing)) output.release()
    expect(output.pieces.length).toBeLessThan(15)
    expect(output.pieces.every((piece) => piece.endsWith('}\n'))).toBe(true)
    expect(ids(output.pieces.join(''))).toEqual(Array.from({ length: 3_000 }, (_, id) => id))
  })

  test('waits when somebody else has filled the output', async () => {
    const output = new HeldOutput()
    const writer = createMessageWriter(output)
    output.write('not ours\n')
    const writing = writer.write(record(1))
    expect(await isPending(writing)).toBe(true)
    expect(output.writableLength).toBe('not ours\n'.length)
    output.release()
    await immediate()
    output.release()
    await writing
  })

  test('flushes when all bytes have left the buffer', async () => {
    const output = new HeldOutput(1_000_000)
    const writer = createMessageWriter(output)
    await writer.write(record(1))
    const flushing = writer.flush()
    expect(await isPending(flushing)).toBe(true)
    while (await isPending(flushing)) output.release()
    expect(output.writableLength).toBe(0)
  })

  test('rejects the waiting write and all later calls when the output fails', async () => {
    const output = new HeldOutput()
    const writer = createMessageWriter(output)
    const waiting = [writer.write(record(1)), writer.write(record(2)), writer.flush()]
    const failure = new Error('EPIPE')
    output.destroy(failure)
    const results = await Promise.allSettled(waiting)
    expect(results).toEqual(results.map(() => ({ status: 'rejected', reason: outputFailed })))
    expect(results[0]).toHaveProperty('reason.cause', failure)
    await expect(writer.write(record(3))).rejects.toMatchObject({ code: 'PROTOCOL_OUTPUT_FAILED', cause: failure })
  })

  test('keeps the error of an idle output for the next call', async () => {
    const output = new HeldOutput()
    const writer = createMessageWriter(output)
    const failure = new Error('EPIPE')
    output.destroy(failure)
    while (!output.closed) await immediate()
    await expect(writer.writeAll([record(1)])).rejects.toMatchObject({ code: 'PROTOCOL_OUTPUT_FAILED', cause: failure })
  })

  test('rejects the waiting write when the output is closed without an error', async () => {
    const output = new HeldOutput()
    const writing = createMessageWriter(output).write(record(1))
    expect(await isPending(writing)).toBe(true)
    output.destroy()
    await expect(writing).rejects.toEqual(outputFailed)
  })

  test('rejects when the output was ended', async () => {
    const output = new PassThrough()
    const writer = createMessageWriter(output)
    output.end()
    await expect(writer.write(record(1))).rejects.toEqual(outputFailed)
    await expect(writer.flush()).rejects.toEqual(outputFailed)
  })

  test('ends the wait with the reason of the abort, and leaves no listener behind', async () => {
    const controller = new AbortController()
    const output = new HeldOutput()
    const writer = createMessageWriter(output, { signal: controller.signal })
    const waiting = [writer.write(record(1)), writer.write(record(2))]
    await immediate()
    const reason = new Error('told to stop')
    controller.abort(reason)
    const results = await Promise.allSettled([...waiting, writer.flush()])
    expect(results).toEqual(results.map(() => ({ status: 'rejected', reason })))
    expect(output.pieces).toHaveLength(1)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(output.listenerCount('drain') + output.listenerCount('close')).toBe(0)
  })

  test('leaves the output open and unwatched after its disposal', async () => {
    const output = new PassThrough()
    const writer = createMessageWriter(output)
    await writer.write(record(1))
    await writer[Symbol.asyncDispose]()
    expect(output.writable).toBe(true)
    expect(output.listenerCount('error')).toBe(0)
  })

  test('waits for a process that does not read, and fails when that process ends', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: ['pipe', 'ignore', 'ignore'] })
    const writer = createMessageWriter(child.stdin)
    let accepted = 0
    const writing = (async () => {
      for (;;) {
        await writer.write(record(accepted, 'x'.repeat(10_000)))
        accepted++
      }
    })()
    // Observed from the start, since it may fail before it is looked at below.
    writing.catch(() => {})
    while (!child.stdin.writableNeedDrain) await immediate()
    for (let turn = 0; turn < 100; turn++) await immediate()
    // The pipe and the stream's own buffer, whatever the machine gives them, and not the endless rest.
    expect(accepted * 10_000).toBeLessThan(4 * 1024 * 1024)
    child.kill('SIGKILL')
    await expect(writing).rejects.toEqual(outputFailed)
  })

  // After EPIPE, process.stdout is neither destroyed nor `errored`: the writes themselves must tell.
  test('fails at once, and keeps failing, on a stdout whose reader is gone', async () => {
    const program = `
      import { setImmediate as immediate } from 'node:timers/promises'
      import { createMessageWriter } from '${new URL('message-writer.ts', import.meta.url).href}'
      const writer = createMessageWriter(process.stdout)
      const write = () => writer.write({ type: 'LOG', log: { level: 'INFO', message: 'x'.repeat(1000) } })
      const outcome = () => write().then(() => 'accepted', (error) => error.code + ' ' + error.cause.code)
      let accepted = 0
      while (await outcome() === 'accepted' && accepted < 1000) await immediate(accepted++)
      process.stderr.write((accepted < 5) + ' ' + await outcome())`
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program])
    child.stdout.destroy()
    expect(await text(child.stderr)).toBe('true PROTOCOL_OUTPUT_FAILED EPIPE')
  })
})
