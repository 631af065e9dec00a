import { expect, it } from 'vitest'
import { fullRefreshCommand } from './full-refresh-command.ts'

it.each([
  [{ namespace: 'sales', name: 'orders' }, 'sales.orders'],
  [{ name: 'order lines' }, "'order lines'"],
  [{ name: "it's" }, String.raw`'it'\''s'`],
])('names the stream as a shell takes it: %j', (stream, argument) => {
  expect(fullRefreshCommand(stream)).toBe(`eclusa run --full-refresh --select ${argument}`)
})
