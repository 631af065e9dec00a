import { EclusaError } from '@eclusa/sdk'
import type { DiscoveredStream } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { resolveCatalog } from './resolve-catalog.ts'
import type { StreamSelection } from './stream-selection.ts'

function discovered(namespace: string, name: string, overrides: Partial<DiscoveredStream> = {}): DiscoveredStream {
  return {
    stream: { namespace, name },
    kind: 'table',
    schema: {
      version: 1,
      columns: [
        { name: 'id', type: { type: 'int64' }, nullable: false },
        { name: 'amount', type: { type: 'text' }, nullable: true },
        { name: 'updated_at', type: { type: 'timestamptz' }, nullable: true },
      ],
    },
    syncModes: ['full_refresh', 'incremental'],
    primaryKey: ['id'],
    cursorCandidates: ['id', 'updated_at'],
    isResumable: true,
    notes: [],
    ...overrides,
  }
}

const streams = [
  discovered('sales', 'orders'),
  discovered('sales', 'customers'),
  discovered('hr', 'people', { primaryKey: [] }),
]

function resolve(selections: readonly StreamSelection[], defaults = {}) {
  return resolveCatalog({
    discovered: { streams },
    selections,
    defaults,
    destinationSyncModes: ['overwrite', 'append', 'append_dedup'],
  }).streams
}

function faultsOf(selections: readonly StreamSelection[], defaults = {}): string[] {
  try {
    resolve(selections, defaults)
  } catch (error) {
    if (EclusaError.isInstance(error) && error.code === 'STREAM_SELECTION_INVALID')
      return error.details['faults'] as string[]
    throw error
  }
  return []
}

describe('resolveCatalog', () => {
  it('takes every stream that a pattern matches and leaves out what a later "!" pattern matches', () => {
    const names = resolve([{ name: '*' }, { name: '!sales.cust*' }]).map(({ stream }) => stream.name)
    expect(names).toEqual(['orders', 'people'])
  })

  it('lets an exact name win over a pattern that comes later', () => {
    const [orders] = resolve([{ name: 'sales.orders', cursor: 'updated_at' }, { name: 'sales.*' }])
    expect(orders).toMatchObject({
      syncMode: 'incremental',
      destinationSyncMode: 'append_dedup',
      cursorColumn: 'updated_at',
    })
  })

  it('reads everything and overwrites where nothing is said', () => {
    expect(resolve([{ name: 'sales.orders' }])[0]).toMatchObject({
      syncMode: 'full_refresh',
      destinationSyncMode: 'overwrite',
      schemaPolicy: 'evolve',
      onUnrepresentable: 'keep_text',
      target: { namespace: 'sales', name: 'orders' },
    })
  })

  it('appends an incremental stream that has no key', () => {
    expect(resolve([{ name: 'hr.people', cursor: 'updated_at' }])[0]).toMatchObject({ destinationSyncMode: 'append' })
  })

  it('puts streams into the target schema of the defaults unless they name a target of their own', () => {
    const targets = resolve([{ name: 'sales.*' }, { name: 'sales.orders', target: 'raw.o' }], {
      targetSchema: 'staging',
    }).map(({ target }) => target)
    expect(targets).toEqual([
      { namespace: 'raw', name: 'o' },
      { namespace: 'staging', name: 'customers' },
    ])
  })

  it('gives a column the type that the author set', () => {
    const [orders] = resolve([{ name: 'sales.orders', columns: { amount: 'decimal(18,2)' } }])
    expect(orders?.schema.columns[1]?.type).toEqual({ type: 'decimal', precision: 18, scale: 2 })
  })

  it('treats the dots and brackets of a pattern as themselves', () => {
    expect(faultsOf([{ name: 'sales?o*' }])).toEqual(['pattern "sales?o*" matches no stream of the source'])
  })

  it('names the closest stream when one is misspelt', () => {
    expect(faultsOf([{ name: 'sales.order' }])).toEqual([expect.stringContaining('the closest is "sales.orders"')])
  })

  it('reports every fault at once', () => {
    const faults = faultsOf([
      { name: 'sales.nothing*' },
      { name: 'sales.orders', columns: { amont: 'text' }, cursor: 'updated' },
      { name: 'hr.people', destinationSyncMode: 'append_dedup' },
    ])
    expect(faults).toHaveLength(4)
  })

  it('refuses two streams that would be written to one target, whatever their case', () => {
    const faults = faultsOf([
      { name: 'sales.orders', target: 'staging.T' },
      { name: 'sales.customers', target: 'staging.t' },
    ])
    expect(faults).toEqual([
      expect.stringMatching(/"sales.orders" and "sales.customers" would both be written to "staging.t"/u),
    ])
  })

  describe('the cursor of an incremental stream', () => {
    const cursorOf = (stream: Partial<DiscoveredStream>, selection: Partial<StreamSelection> = {}) =>
      resolveCatalog({
        discovered: { streams: [discovered('sales', 'orders', stream)] },
        selections: [{ name: 'sales.orders', syncMode: 'incremental', ...selection }],
        defaults: {},
        destinationSyncModes: ['append_dedup'],
      }).streams.map(({ cursorColumn }) => cursorColumn)

    it('has to be named where the source goes by nothing else', () => {
      expect(() => cursorOf({})).toThrow('incremental reading needs a cursor column')
      expect(cursorOf({}, { cursor: 'updated_at' })).toEqual(['updated_at'])
    })

    it('may be named where the source knows by itself what is new', () => {
      expect(cursorOf({ cursorChoice: 'optional' })).toEqual([undefined])
      expect(cursorOf({ cursorChoice: 'optional' }, { cursor: 'updated_at' })).toEqual(['updated_at'])
    })

    it('is the default of the source where none is named', () => {
      expect(cursorOf({ defaultCursor: 'id' })).toEqual(['id'])
      expect(cursorOf({ defaultCursor: 'id' }, { cursor: 'updated_at' })).toEqual(['updated_at'])
    })

    it('may not be named where the source alone decides', () => {
      expect(cursorOf({ cursorChoice: 'none', defaultCursor: 'id' })).toEqual(['id'])
      expect(cursorOf({ cursorChoice: 'none', defaultCursor: 'id' }, { cursor: 'id' })).toEqual(['id'])
      expect(() => cursorOf({ cursorChoice: 'none' }, { cursor: 'id' })).toThrow('leave out cursor')
    })
  })

  it('refuses a mode that the stream or the destination does not have', () => {
    const view = discovered('sales', 'report', { kind: 'view', syncModes: ['full_refresh'] })
    const run = () =>
      resolveCatalog({
        discovered: { streams: [view] },
        selections: [{ name: 'sales.report', syncMode: 'incremental' }],
        defaults: {},
        destinationSyncModes: ['append'],
      })
    expect(run).toThrow(/a view cannot be read incremental/u)
    expect(run).toThrow(/does not offer append_dedup/u)
  })
})
