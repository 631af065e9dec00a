import { EclusaError, defineStream } from '@eclusa/sdk'
import type { CheckContext, ConfiguredStream, ConnectorContext } from '@eclusa/sdk'
import { expect, test } from 'vitest'
import { checkPipeline } from './check-pipeline.ts'
import type { PresentStreams } from './resolve-catalog.ts'

const context: ConnectorContext = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
}

const orders: ConfiguredStream = {
  ...defineStream({ name: 'orders', columns: { id: 'int64' } }),
  syncMode: 'full_refresh',
  destinationSyncMode: 'overwrite',
  target: { name: 'orders' },
  schemaPolicy: 'evolve',
  onUnrepresentable: 'keep_text',
}

/** What the source was asked, and what came of it. */
async function checkWith(configure: () => Promise<PresentStreams>, sourceStatus: 'passed' | 'failed' = 'passed') {
  const asked: CheckContext[] = []
  const notUsed = () => {
    throw new Error('a check does not do that')
  }
  const about = { name: 'toy', version: '1.0.0', secrets: [] }
  const { findings } = await checkPipeline(
    {
      source: {
        ...about,
        check: async (given) => {
          asked.push(given)
          return { findings: [{ status: sourceStatus, subject: 'source', message: 'Looked at.' }] }
        },
        discover: notUsed,
        read: notUsed,
      },
      destination: {
        ...about,
        syncModes: ['overwrite'],
        delivery: 'exactly_once',
        appliesChanges: false,
        check: async () => ({ findings: [{ status: 'passed', subject: 'destination', message: 'Looked at.' }] }),
        plan: notUsed,
        open: notUsed,
      },
    },
    configure,
    context,
  )
  return { asked, subjects: findings.map(({ subject, status }) => `${status}: ${subject}`) }
}

test('tells the source which streams were chosen, and which of them it did not show', async () => {
  const missing = [{ stream: 'customers', fault: 'stream "customers" does not exist' }]
  const { asked, subjects } = await checkWith(async () => ({ streams: [orders], missing }))
  expect(asked).toEqual([{ ...context, catalog: { streams: [orders] }, missing: ['customers'] }])
  expect(subjects).toEqual(['passed: source', 'passed: destination', 'failed: streams'])
})

test('asks about the source as a whole where the choice cannot be made out, and says why once', async () => {
  const unreachable = async () => {
    throw new EclusaError('SERVICE_UNAVAILABLE', { message: 'Nobody answers.' })
  }
  const { asked, subjects } = await checkWith(unreachable, 'failed')
  expect(asked).toEqual([context])
  expect(subjects).toEqual(['failed: source', 'passed: destination'])
  expect((await checkWith(unreachable)).subjects).toContain('failed: streams')
})
