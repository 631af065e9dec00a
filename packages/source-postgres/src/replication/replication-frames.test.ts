import { EclusaError } from '@eclusa/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wireOf } from '../../testing/pgoutput-capture.ts'
import { ReplicationFrames, checkFrame, statusUpdate } from './replication-frames.ts'

function message(type: string, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

function longs(...values: bigint[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from(new BigUint64Array([value]).buffer).swap64()))
}

const walData = (text: string) =>
  message('d', Buffer.concat([Buffer.from('w'), longs(5n, 2n ** 64n - 1n, 0n), Buffer.from(text)]))
const keepAlive = (isAnswerWished: boolean) =>
  message('d', Buffer.concat([Buffer.from('k'), longs(9n, 0n), Buffer.from([isAnswerWished ? 1 : 0])]))

test('frames are read in order, and other messages between them are passed over', () => {
  const notice = message('N', Buffer.from('notice'))
  const bytes = Buffer.concat([notice, walData('one'), notice, keepAlive(false), walData(''), notice])
  const { wire, start, end } = wireOf(bytes, 8)
  const frames = new ReplicationFrames(wire, start, end)
  const seen: unknown[] = []
  while (frames.next()) {
    const text = wire.bytes.toString('utf8', frames.start, frames.end)
    seen.push([frames.isKeepAlive, text, frames.walStart, frames.walEnd])
  }
  expect(seen).toEqual([
    [false, 'one', 5n, 2n ** 64n - 1n],
    [true, '', 9n, 9n],
    [false, '', 5n, 2n ** 64n - 1n],
  ])
  expect(frames.next()).toBe(false)
})

test('a keep-alive says whether it wishes an answer; anything that is no frame is refused', () => {
  const check = (bytes: Uint8Array) => {
    const { wire, start, end } = wireOf(bytes, 8)
    return checkFrame(wire, start, end)
  }
  expect(check(keepAlive(true))).toBe(true)
  expect(check(keepAlive(false))).toBe(false)
  expect(check(walData(''))).toBe(false)
  const outcome = (bytes: Uint8Array) => {
    try {
      return check(bytes)
    } catch (error) {
      return EclusaError.isInstance(error) ? error.code : error
    }
  }
  fc.assert(
    fc.property(fc.constantFrom('w', 'k', 'x', ''), fc.uint8Array({ maxLength: 40 }), (type, rest) => {
      const bytes = message('d', Buffer.concat([Buffer.from(type), rest]))
      expect([true, false, 'REPLICATION_PROTOCOL_VIOLATION']).toContain(outcome(bytes))
    }),
  )
  const short = walData('').subarray(0, -1)
  expect(() => check(short)).toThrow('neither data nor a keep-alive')
})

test('a status update holds the three positions, the time and the wish for an answer', () => {
  const bytes = statusUpdate({ written: 3n, flushed: 2n, applied: 1n }, true)
  expect(bytes.toString('latin1', 0, 1)).toBe('d')
  expect(bytes.readInt32BE(1)).toBe(bytes.length - 1)
  expect(bytes.subarray(5, 30)).toEqual(Buffer.concat([Buffer.from('r'), longs(3n, 2n, 1n)]))
  const sentAtMs = Number(bytes.readBigInt64BE(30) / 1000n) + Date.UTC(2000, 0, 1)
  expect(Math.abs(sentAtMs - Date.now())).toBeLessThan(60_000)
  expect(bytes.subarray(38)).toEqual(Buffer.from([1]))
})
