import { expect, it } from 'vitest'
import { backfillCommand, fullRefreshCommand } from './stream-command.ts'

it.each([
  [{ namespace: 'sales', name: 'orders' }, 'sales.orders'],
  [{ name: 'order lines' }, "'order lines'"],
  [{ name: "it's" }, String.raw`'it'\''s'`],
])('names the stream as a shell takes it: %j', (stream, argument) => {
  expect(fullRefreshCommand(stream)).toBe(`eclusa run --full-refresh --select ${argument}`)
})

it('names columns as a shell takes them', () => {
  const command = backfillCommand({ namespace: 'sales', name: 'orders' }, ['vat', 'tax rate'])
  expect(command).toBe("eclusa backfill sales.orders vat 'tax rate'")
})
