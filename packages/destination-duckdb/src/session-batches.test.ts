import { hasErrorCode } from '@eclusa/sdk'
import type { ChangeBatch } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { batchOf, configured, schemaOf, stream } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const data = 'SELECT id, note FROM staging.orders ORDER BY ALL'

function buffersOf({ records }: ChangeBatch): ArrayBuffer[] {
  const views = records.data.children.flatMap((child): unknown[] => [
    child.values,
    child.valueOffsets,
    child.nullBitmap,
  ])
  const buffers = views.flatMap((view) =>
    ArrayBuffer.isView(view) && view.buffer instanceof ArrayBuffer ? [view.buffer] : [],
  )
  return [...new Set(buffers)].filter(({ byteLength, detached }) => detached || byteLength > 0)
}

describe('a session given batches', () => {
  it('gives the buffers of a batch that owns them back once', async () => {
    await using session = await fixture.open([configured()])
    await session.startStream(stream, { resumed: false })
    const returned: ArrayBuffer[][] = []
    const batch = {
      ...batchOf([
        [1, 'a'],
        [2, null],
      ]),
      recycle: (buffers: ArrayBuffer[]) => void returned.push(buffers),
    }
    const sizes = buffersOf(batch).map(({ byteLength }) => byteLength)
    await session.write(batch)
    await session.completeStream(stream)
    await session.commit([])
    expect(returned).toHaveLength(1)
    const sorted = (bytes: number[]) => bytes.toSorted((one, other) => one - other)
    expect(sorted(returned.flat().map(({ byteLength }) => byteLength))).toEqual(sorted(sizes))
    await session[Symbol.asyncDispose]()
    expect(await fixture.rows(data)).toEqual(['1|a', '2|NULL'])
  })

  it('copies a batch that may share its buffers, which its owner can use again at once', async () => {
    await using session = await fixture.open([configured()])
    await session.startStream(stream, { resumed: false })
    const { recycle: _, ...shared } = batchOf([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
    await session.write({ ...shared, records: shared.records.slice(1, 3) })
    for (const buffer of buffersOf(shared)) new Uint8Array(buffer).fill(255)
    await session.completeStream(stream)
    await session.commit([])
    await session[Symbol.asyncDispose]()
    expect(await fixture.rows(data)).toEqual(['2|b', '3|c'])
  })

  it('throws what went wrong with an accepted batch at the next call, with code and details', async () => {
    const frozen = configured({ schemaPolicy: 'freeze' })
    await using session = await fixture.open([frozen])
    await session.startStream(stream, { resumed: false })
    await session.write(batchOf([[1, 'a', 2]], frozen, schemaOf({ id: 'int32', note: 'text', more: 'int16' }, 2)))
    const commit = session.commit([])
    await expect(commit).rejects.toSatisfy((error) => hasErrorCode(error, 'SCHEMA_CHANGED'))
    await expect(commit).rejects.toMatchObject({ details: { stream: 'shop.orders' } })
  })

  it('stops at a value that cannot be held where the policy says so, and names no value', async () => {
    const strict = configured({ onUnrepresentable: 'fail', columns: { id: 'int32', at: 'time' } })
    await using session = await fixture.open([strict])
    await session.startStream(stream, { resumed: false })
    const write = session.write(batchOf([[1, '25:00:00']], strict))
    await expect(write).rejects.toSatisfy((error) => hasErrorCode(error, 'UNREPRESENTABLE_VALUE'))
    await expect(write).rejects.toMatchObject({ details: { stream: 'shop.orders', column: 'at' } })
    await expect(write).rejects.not.toThrow('25:00')
    // What was not accepted left no trace: the session goes on.
    await session.write(batchOf([[2, '23:00:00']], strict))
    expect(await session.commit([])).toMatchObject({ rows: 1 })
  })

  it('ends when the run is aborted, with earlier commits intact', async () => {
    const abort = new AbortController()
    {
      await using session = await fixture.open([configured()], { signal: abort.signal })
      await session.startStream(stream, { resumed: false })
      await session.write(batchOf([[1, 'a']]))
      await session.completeStream(stream)
      await session.commit([{ stream, state: { at: 1 } }])
      abort.abort()
      await expect(session.commit([])).rejects.toMatchObject({ code: 'CANCELLED' })
    }
    expect(await fixture.rows(data)).toEqual(['1|a'])
  })

  it('refuses to open once the run is aborted', async () => {
    const opening = fixture.open([configured()], { signal: AbortSignal.abort() })
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
    await using session = await fixture.open()
    expect(session.checkpoints).toEqual([])
  })
})
