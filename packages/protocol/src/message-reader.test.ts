import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as immediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProtocolLine } from './message-line.ts'
import { readMessages } from './message-reader.ts'
import type { ReadMessagesOptions } from './message-reader.ts'

type Chunk = Uint8Array | string

// oxlint-disable-next-line require-await -- Async is its type, though it never waits.
async function* chunksOf(...chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks
}

/** All lines, and the error that ended the reading if one did. */
async function readAll(chunks: readonly Chunk[], options?: ReadMessagesOptions) {
  const lines: ProtocolLine[] = []
  try {
    for await (const line of readMessages(chunksOf(...chunks), options)) lines.push(line)
    return { lines, error: undefined }
  } catch (error) {
    return { lines, error }
  }
}

/** Cuts bytes or text at the given positions, in any order and with repetitions, which give empty chunks. */
function cut(whole: string, positions: readonly number[]): string[]
function cut(whole: Uint8Array, positions: readonly number[]): Uint8Array[]
function cut(whole: Chunk, positions: readonly number[]): Chunk[] {
  const ends = positions.map((position) => position % (whole.length + 1)).toSorted((a, b) => a - b)
  return [...ends, whole.length].map((end, index) => whole.slice(ends[index - 1] ?? 0, end))
}

const record = '{"type":"RECORD","record":{"stream":"orders","data":{"id":1},"emitted_at":1700000000000}}'
const log = '{"type":"LOG","log":{"level":"INFO","message":"Ol\u00e1 \u{1F6A3}"}}'
const encoder = new TextEncoder()

function* lineWithoutEnd(): Generator<string> {
  yield `${log}\n`
  for (;;) yield 'x'.repeat(1_000)
}

/** Lines of every kind, with characters of one to four bytes. */
const lineText = fc.oneof(
  fc.constantFrom(
    record,
    log,
    '{"type":"LATER","later":{"a":1}}',
    '{"type":"LOG"}',
    '{"type":"RECO',
    'Picked up options',
    '',
    ' ',
    '\uFEFF',
    '\r',
    '{',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\n', '')),
  fc.json().map((json) => `{"type":"STATE","state":{"data":{"value":${json}}}}`),
)
const input = fc
  .record({
    bom: fc.boolean(),
    lines: fc.array(fc.tuple(lineText, fc.constantFrom('\n', '\r\n')), { maxLength: 8 }),
    last: fc.constantFrom('', record, 'end'),
  })
  .map(({ bom, lines, last }) => `${bom ? '\uFEFF' : ''}${lines.flat().join('')}${last}`)
const cuts = fc.array(fc.nat(), { maxLength: 12 })

describe('readMessages', () => {
  test('gives the same lines wherever the bytes are cut, and those that a split of the whole text gives', async () => {
    await fc.assert(
      fc.asyncProperty(input, cuts, async (text, positions) => {
        const expected = text
          .replace(/^\uFEFF/, '')
          .split('\n')
          .map((line, index) => ({ lineNumber: index + 1, text: line.replace(/\r$/, '') }))
          .filter((line) => line.text !== '')
        const whole = await readAll([encoder.encode(text)])
        expect(whole.lines.map(({ lineNumber, text: line }) => ({ lineNumber, text: line }))).toEqual(expected)
        expect(await readAll(cut(encoder.encode(text), positions))).toEqual(whole)
        expect(await readAll(cut(text, positions))).toEqual(whole)
      }),
      { numRuns: 1_000 },
    )
  })

  test('gives the same lines and errors of bytes that are no UTF-8 wherever they are cut', async () => {
    const bytes = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.constantFrom(encoder.encode(`${log}\n`), Uint8Array.of(123, 10))),
    )
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (parts, positions) => {
        const whole = Buffer.concat(parts)
        const options = { lineBytesMax: 70 }
        expect(await readAll(cut(whole, positions), options)).toEqual(await readAll([whole], options))
      }),
      { numRuns: 1_000 },
    )
  })

  test('reads a chunk that is far larger than a block, and a line that spans many chunks', async () => {
    const long = record.replace('"id":1', `"note":"${'\u00e9'.repeat(400_000)}"`)
    const bytes = encoder.encode(`${`${record}\n`.repeat(5_000)}${long}\n${record}\n`)
    const { lines, error } = await readAll([bytes.slice(0, 500_000), bytes.slice(500_000)])
    expect(error).toBeUndefined()
    expect(lines.map((line) => line.kind)).toEqual(Array.from({ length: 5_002 }, () => 'message'))
    expect(lines[5_000]?.text).toBe(long)
  })

  test('keeps its own copy of an unfinished line when the caller uses its buffer again', async () => {
    const buffer = Buffer.alloc(256)
    async function* reusedBuffer() {
      for (const part of cut(encoder.encode(`${record}\n`), [50])) {
        await Promise.resolve()
        buffer.fill(0).set(part)
        yield buffer.subarray(0, part.length)
      }
    }
    const texts: string[] = []
    for await (const line of readMessages(reusedBuffer())) texts.push(line.text)
    expect(texts).toEqual([record])
  })

  test.each([
    ['a record', record, 'message'],
    [
      'a record whose meta has no changes',
      record.replace('"data"', '"meta":{"changes":[]},"namespace":null,"data"'),
      'message',
    ],
    [
      'a record with a change',
      record.replace(
        '"data"',
        '"meta":{"changes":[{"field":"a","change":"NULLED","reason":"SOURCE_RETRIEVAL_ERROR"}]},"data"',
      ),
      'message',
    ],
    ['a record of a file', record.replace('"data"', '"file_reference":{"file_size_bytes":3},"data"'), 'message'],
    ['a message after spaces', `  ${log}`, 'message'],
    ['a type of a later protocol', '{"type":"LATER"}', 'unknown'],
    ['plain text', 'INFO starting', 'text'],
    ['JSON that is no object', '[1,2]', 'text'],
    ['an object without a type', '{"level":"info"}', 'text'],
    ['an object whose type is no text', '{"type":7}', 'text'],
  ])('takes %s for what it is', async (_name, text, kind) => {
    const { lines } = await readAll([text])
    expect(lines).toEqual([expect.objectContaining({ kind, lineNumber: 1, text })])
  })

  test('yields the parsed JSON itself, with unknown fields and numbers of any size', async () => {
    const text = record.replace('"id":1', '"id":12345678901234567891,"later":{"__proto__":1}')
    const { lines } = await readAll([text])
    const message = lines[0]?.kind === 'message' ? lines[0].message : undefined
    expect(JSON.stringify(message)).toBe(text)
  })

  const secret = 'hunter2'
  test.each([
    ['is cut off', `{"type":"LOG","log":{"message":"${secret}`, 'not_json'],
    ['is two messages in one', `{"type":"LOG","log":{"message":"${secret}"}}{"type"`, 'not_json'],
    ['has no payload', `{"type":"RECORD","extra":"${secret}"}`, 'invalid_message'],
    [
      'has a record without a stream',
      `{"type":"RECORD","record":{"data":{"a":"${secret}"},"emitted_at":1}}`,
      'invalid_message',
    ],
    [
      'has a record whose data is a list',
      `{"type":"RECORD","record":{"stream":"a","data":["${secret}"],"emitted_at":1}}`,
      'invalid_message',
    ],
    [
      'has a record with a wrong namespace',
      `{"type":"RECORD","record":{"stream":"a","namespace":["${secret}"],"data":{},"emitted_at":1}}`,
      'invalid_message',
    ],
    [
      'has a record with a wrong meta',
      `{"type":"RECORD","record":{"stream":"a","meta":{"changes":["${secret}"]},"data":{},"emitted_at":1}}`,
      'invalid_message',
    ],
    [
      'has a record with a wrong time',
      `{"type":"RECORD","record":{"stream":"a","data":{},"emitted_at":"${secret}"}}`,
      'invalid_message',
    ],
    [
      'has a number for an object',
      `{"type":"STATE","state":{"sourceStats":12345678901234567891,"a":"${secret}"}}`,
      'invalid_message',
    ],
    [
      'has a count that no double holds',
      `{"type":"STATE","state":{"sourceStats":{"recordCount":9007199254740993},"a":"${secret}"}}`,
      'invalid_message',
    ],
    ['has an unknown enumeration value', `{"type":"LOG","log":{"level":"${secret}","message":"m"}}`, 'invalid_message'],
    ['has an unknown state type', `{"type":"STATE","state":{"type":"${secret}"}}`, 'invalid_message'],
    [
      'has bytes that are no UTF-8',
      Buffer.from(`{"type":"LOG","log":{"level":"INFO","message":"${secret}\u00e9"}}`, 'latin1'),
      'not_utf8',
    ],
    ['has a lone surrogate', `{"type":"LOG","log":{"level":"INFO","message":"${secret}\uD83D"}}`, 'not_utf8'],
    [
      'is nested too deeply for the stack',
      `{"type":"LOG","log":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      'not_json',
    ],
  ])('reports a line that %s, without its values, and goes on', async (_name, bad, reason) => {
    const { lines, error } = await readAll([`${log}\n`, bad, `\n${log}\n`])
    expect(error).toBeUndefined()
    expect(lines.map((line) => line.kind)).toEqual(['message', 'malformed', 'message'])
    expect(lines[1]).toMatchObject({ lineNumber: 2, reason })
    expect(lines[1]).toHaveProperty('problem', expect.not.stringContaining(secret))
  })

  test('names the field that breaks a message', async () => {
    const { lines } = await readAll(['{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1,"error":{}}}'])
    expect(lines[0]).toHaveProperty('problem', expect.stringContaining('trace.error.message: '))
  })

  test('throws at a malformed line when asked to, after the lines before it', async () => {
    const { lines, error } = await readAll([`${log}\n\n{"type":"LOG"}\n${log}`], { onMalformed: 'throw' })
    expect(lines).toHaveLength(1)
    expect(error).toMatchObject({
      code: 'PROTOCOL_LINE_MALFORMED',
      details: { lineNumber: 3, reason: 'invalid_message' },
    })
  })

  test.each(['\n', '\r\n', ''])(
    'accepts a line of just lineBytesMax bytes that ends with %j, and throws at one more',
    async (ending) => {
      const lineBytesMax = Buffer.byteLength(log)
      const inBytes = cut(
        encoder.encode(`\uFEFF${log}${ending}`),
        Array.from({ length: 90 }, (_, index) => index),
      )
      for (const chunks of [[`\uFEFF${log}${ending}`], inBytes]) {
        expect(await readAll(chunks, { lineBytesMax })).toMatchObject({
          lines: [{ kind: 'message' }],
          error: undefined,
        })
        const { error } = await readAll(chunks, { lineBytesMax: lineBytesMax - 1 })
        expect(error).toMatchObject({
          code: 'PROTOCOL_LINE_TOO_LONG',
          details: { lineNumber: 1, lineBytesMax: lineBytesMax - 1 },
        })
      }
    },
  )

  test('throws at a long line before its end has come, after the lines before it', async () => {
    const lines = readMessages(Readable.from(lineWithoutEnd()), { lineBytesMax: 100_000 })
    expect(await lines.next()).toMatchObject({ value: { kind: 'message' } })
    await expect(lines.next()).rejects.toMatchObject({ code: 'PROTOCOL_LINE_TOO_LONG', details: { lineNumber: 2 } })
  })

  test.each([0, -1, Number.NaN, 2 ** 40])('refuses %d as lineBytesMax', async (lineBytesMax) => {
    expect((await readAll(['a'], { lineBytesMax })).error).toBeInstanceOf(RangeError)
  })

  test('asks for a chunk only when the lines of the last one are consumed', async () => {
    let asked = 0
    async function* counted() {
      for (;;) {
        asked++
        yield await Promise.resolve(`${record}\n${record}\n`)
      }
    }
    const lines = readMessages(counted())
    for (const expected of [1, 1, 2, 2, 3]) {
      await lines.next()
      expect(asked).toBe(expected)
    }
    await lines.return()
  })

  test('lets go of the chunks when the consumer stops early', async () => {
    const stream = Readable.from([`${record}\n`, `${record}\n`])
    for await (const line of readMessages(stream)) if (line.kind === 'message') break
    expect(stream.destroyed).toBe(true)
  })

  test('waits until the chunks have let go of what they hold, and leaves no listener on the signal', async () => {
    const controller = new AbortController()
    let closed = false
    async function* held() {
      try {
        for (;;) yield `${record}\n`
      } finally {
        await immediate()
        closed = true
      }
    }
    for await (const line of readMessages(held(), { signal: controller.signal })) if (line.lineNumber === 3) break
    expect(closed).toBe(true)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('passes on the error of the chunks', async () => {
    const failure = new Error('pipe broke')
    async function* failing() {
      yield `${record}\n`
      await Promise.reject(failure)
    }
    const lines = readMessages(failing())
    expect((await lines.next()).done).toBe(false)
    await expect(lines.next()).rejects.toBe(failure)
  })

  test('ends the wait for a chunk that never comes with the reason of the abort', async () => {
    const controller = new AbortController()
    const silent = new Readable({ read() {} })
    silent.push(`${record}\n`)
    const lines = readMessages(silent, { signal: controller.signal })
    expect((await lines.next()).done).toBe(false)
    const waiting = lines.next()
    controller.abort(new Error('told to stop'))
    await expect(waiting).rejects.toThrow('told to stop')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    silent.destroy()
  })

  test('yields nothing when the signal was aborted before', async () => {
    const reason = new Error('told to stop')
    expect(await readAll([`${record}\n`], { signal: AbortSignal.abort(reason) })).toEqual({ lines: [], error: reason })
  })

  test('stops between chunks that are always ready', async () => {
    const controller = new AbortController()
    const ready = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: `${record}\n` }) }),
    }
    let count = 0
    const reading = (async () => {
      for await (const _line of readMessages(ready, { signal: controller.signal })) {
        count++
        if (count === 3) controller.abort(new Error('told to stop'))
      }
    })()
    await expect(reading).rejects.toThrow('told to stop')
    expect(count).toBe(3)
  })
})
