import { expect, it } from 'vitest'
import { assertSupported, isSameServer } from './server-facts.ts'

it('supports PostgreSQL from version 14 on', () => {
  assertSupported({ number: 140_000, text: '14.0' })
  assertSupported({ number: 180_004, text: '18.4' })
  for (const version of [{ number: 130_022, text: '13.22' }, { number: 90_624, text: '9.6.24' }, undefined]) {
    expect(() => assertSupported(version)).toThrow(expect.objectContaining({ code: 'POSTGRES_VERSION_UNSUPPORTED' }))
  }
})

it('knows a server by cluster, timeline and database', () => {
  const server = { system: '1', timeline: 1, database: '5' }
  expect(isSameServer(server, { ...server })).toBe(true)
  for (const other of [{ system: '2' }, { system: null }, { timeline: 2 }, { timeline: null }, { database: '6' }]) {
    expect(isSameServer(server, { ...server, ...other })).toBe(false)
  }
})
