import { mkdtemp, readdir, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import type { RecordBatch } from 'apache-arrow'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { localStage, openLocalAccount } from '../../testing/local-account.ts'
import type { LocalAccount } from '../../testing/local-account.ts'
import { copiedValue, copyInto, loadedRows } from './copy-into.ts'
import { openStageWriter } from './stage-writer.ts'
import type { StagedFile, StageWriter, StageWriterOptions } from './stage-writer.ts'

let account: LocalAccount
let parent: string
let warnings: string[] = []
let runs = 0

beforeAll(async () => {
  account = await openLocalAccount()
  parent = await mkdtemp(join(tmpdir(), 'eclusa-stage-writer-'))
})
afterAll(async () => {
  await account[Symbol.asyncDispose]()
  await rm(parent, { recursive: true })
})
beforeEach(() => {
  warnings = []
  runs++
})
afterEach(() => account.server.faults.clear())

function open(options: Partial<StageWriterOptions> = {}): Promise<StageWriter> {
  const nothing = () => {}
  return openStageWriter({
    connect: () => account.warehouse.connect(),
    stage: localStage,
    pipeline: `shop ${runs}`,
    directory: parent,
    fileBytesTarget: 2 ** 20,
    uploadsMax: 4,
    openBytesMax: 2 ** 20,
    signal: new AbortController().signal,
    log: { debug: nothing, info: nothing, warn: (message) => warnings.push(message), error: nothing },
    ...options,
  })
}

function numbers(first: number, count: number): RecordBatch {
  const id = BigInt64Array.from({ length: count }, (_, row) => BigInt(first + row))
  return tableFromArrays({ id }).batches.at(0)!
}

/** Ids that the files hold, by the COPY of the destination itself. */
async function loaded(files: readonly StagedFile[] | undefined): Promise<string | null> {
  await account.session.query('CREATE OR REPLACE TABLE shop.staging.target (id NUMBER(19,0))')
  const result = await account.session.query(
    copyInto({
      table: { database: 'SHOP', schema: 'STAGING', identifier: 'TARGET' },
      columns: [{ name: 'ID', value: copiedValue('id', { type: 'int64' }) }],
      stage: localStage,
      files: (files ?? []).map(({ path }) => path),
    }),
  )
  expect(loadedRows(result)).toBe((files ?? []).reduce((sum, { rows }) => sum + rows, 0))
  return await account.one(`SELECT COUNT(*) || ' ' || COUNT(DISTINCT id) || ' ' || SUM(id) FROM shop.staging.target`)
}

async function filesOnDisk(): Promise<string[]> {
  const entries = await readdir(parent, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

async function inStage(): Promise<number> {
  const { rows } = await account.session.query(`LIST ${localStage}/`)
  return rows.filter(([name]) => String(name).includes(`shop_${runs}-`)).length
}

it('stages the rows of each target in files of their own, which COPY takes whole', async () => {
  await using writer = await open()
  writer.begin({ epoch: 3, sequence: 7 })
  for (let batch = 0; batch < 4; batch++) {
    await writer.append('public.orders|1', numbers(batch * 100, 100))
    await writer.append('public."Weird / name"', numbers(batch, 1))
  }
  const sealed = await writer.seal()
  expect([...sealed].map(([target, files]) => [target, files.map(({ rows }) => rows)])).toEqual([
    ['public.orders|1', [400]],
    ['public."Weird / name"', [4]],
  ])
  expect(await loaded(sealed.get('public.orders|1'))).toBe('400 400 79800')
  expect(await loaded(sealed.get('public."Weird / name"'))).toBe('4 4 6')
  expect(await filesOnDisk()).toEqual([])
})

it('gives a file of the same commit and epoch the same name, and one of another commit another', async () => {
  const paths = async (sequence: number) => {
    await using writer = await open()
    writer.begin({ epoch: 1, sequence })
    await writer.append('orders', numbers(0, 1))
    return (await writer.seal()).get('orders')!.map(({ path }) => path)
  }
  const [first, again, next] = [await paths(1), await paths(1), await paths(2)]
  expect(again).toEqual(first)
  expect(next).not.toEqual(first)
})

it('ends a file that is full, and the largest where too many bytes wait in memory', async () => {
  const files = async (options: Partial<StageWriterOptions>) => {
    await using writer = await open(options)
    writer.begin({ epoch: 1, sequence: 1 })
    for (let batch = 0; batch < 6; batch++) {
      await writer.append('large', numbers(batch * 50_000, 50_000))
      await writer.append('small', numbers(batch, 1))
    }
    const sealed = await writer.seal()
    expect(await loaded(sealed.get('large'))).toBe('300000 300000 44999850000')
    return [sealed.get('large')!.length, sealed.get('small')!.length]
  }
  expect(await files({ fileBytesTarget: 1 })).toEqual([2, 1])
  expect(await files({ openBytesMax: 1_000_000 })).toEqual([2, 1])
})

it('begins another file when the columns change', async () => {
  await using writer = await open()
  writer.begin({ epoch: 1, sequence: 1 })
  await writer.append('orders', numbers(0, 2))
  const wider = tableFromArrays({ id: BigInt64Array.of(2n), note: ['new'] }).batches.at(0)!
  await writer.append('orders', wider)
  const files = (await writer.seal()).get('orders')!
  expect(files.map(({ rows }) => rows)).toEqual([2, 1])
  expect(await loaded(files)).toBe('3 3 3')
})

it('forgets what was discarded, staged or not', async () => {
  await using writer = await open({ fileBytesTarget: 1 })
  writer.begin({ epoch: 1, sequence: 1 })
  await writer.append('orders', numbers(0, 140_000))
  await writer.append('orders', numbers(140_000, 5))
  await writer.discard('orders')
  await writer.append('orders', numbers(7, 1))
  expect(await loaded((await writer.seal()).get('orders'))).toBe('1 1 7')
})

it('removes the files of a commit when told to, and those of earlier runs when it opens', async () => {
  {
    await using writer = await open()
    writer.begin({ epoch: 1, sequence: 1 })
    await writer.append('orders', numbers(0, 1))
    const first = (await writer.seal()).get('orders')!
    writer.begin({ epoch: 1, sequence: 10 })
    await writer.append('orders', numbers(0, 1))
    await writer.seal()
    expect(await inStage()).toBe(2)
    await writer.release(first)
    expect(await inStage()).toBe(1)
  }
  await using _ = await open()
  expect(await inStage()).toBe(0)
})

it('only notes that files could not be removed', async () => {
  await using writer = await open()
  writer.begin({ epoch: 1, sequence: 1 })
  await writer.append('orders', numbers(0, 1))
  const files = (await writer.seal()).get('orders')!
  await account.session.query('ALTER STAGE shop.staging.load RENAME TO shop.staging.away')
  await writer.release(files)
  await account.session.query('ALTER STAGE shop.staging.away RENAME TO shop.staging.load')
  expect(warnings).toEqual([expect.stringContaining('could not be removed from the stage')])
})

it('removes what processes that are no more have left on this machine', async () => {
  const abandoned = join(parent, 'eclusa-staging-999999999-Ab3')
  const foreign = join(parent, 'something-else')
  await mkdir(abandoned)
  await mkdir(foreign)
  await writeFile(join(abandoned, '0.parquet'), 'left')
  {
    await using other = await open()
    await using writer = await open({ pipeline: 'another' })
    writer.begin({ epoch: 1, sequence: 1 })
    other.begin({ epoch: 1, sequence: 1 })
    const names = await readdir(parent)
    expect(names.filter((name) => name.startsWith(`eclusa-staging-${process.pid}-`))).toHaveLength(2)
    expect(names).toContain('something-else')
    expect(names).not.toContain('eclusa-staging-999999999-Ab3')
  }
  expect(await readdir(parent)).toEqual(['something-else'])
  await rm(foreign, { recursive: true })
})

it('stages everything once although the storage fails in between', async () => {
  await using writer = await open({ uploadsMax: 3 })
  writer.begin({ epoch: 1, sequence: 1 })
  account.server.faults.inject({ kind: 'unavailable', at: 'stage', times: 6 })
  account.server.faults.inject({ kind: 'connection-cut', at: 'stage', times: 2 })
  account.server.faults.inject({ kind: 'stage-token-expired' })
  account.server.faults.inject({ kind: 'session-expired', at: 'query' })
  for (let target = 0; target < 5; target++) await writer.append(`target ${target}`, numbers(target * 10, 10))
  const sealed = await writer.seal()
  expect(await loaded([...sealed.values()].flat())).toBe('50 50 1225')
})

it('tells at the next call that a file could not be put', async () => {
  await using writer = await open({ fileBytesTarget: 1 })
  writer.begin({ epoch: 1, sequence: 1 })
  await account.session.query('ALTER STAGE shop.staging.load RENAME TO shop.staging.away')
  await writer.append('orders', numbers(0, 5))
  await expect(writer.seal()).rejects.toMatchObject({ code: 'WAREHOUSE_STATEMENT_FAILED' })
  await account.session.query('ALTER STAGE shop.staging.away RENAME TO shop.staging.load')
  await expect(writer.append('orders', numbers(0, 1))).rejects.toMatchObject({ code: 'WAREHOUSE_STATEMENT_FAILED' })
})

it('says which directory cannot be used', async () => {
  const file = join(parent, 'a-file')
  await writeFile(file, '')
  await expect(open({ directory: join(file, 'below') })).rejects.toMatchObject({
    code: 'STAGING_DIRECTORY_UNUSABLE',
    message: expect.stringContaining(file),
  })
})
