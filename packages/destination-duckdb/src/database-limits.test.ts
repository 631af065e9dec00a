import { totalmem } from 'node:os'
import { openDuckDb } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { duckdbConfigSchema } from './config.ts'
import { availableMemoryBytes, memoryLimitOf } from './database-limits.ts'

it('takes a percentage of the memory that there is, and leaves anything else as it is written', () => {
  expect(memoryLimitOf({ memory_limit: '50%' }, 8_000_000_000)).toBe('4000000000 bytes')
  expect(memoryLimitOf({ memory_limit: '12.5 %' }, 8_000_000_001)).toBe('1000000000 bytes')
  expect(memoryLimitOf({ memory_limit: '4GiB' }, 8_000_000_000)).toBe('4GiB')
  expect(memoryLimitOf({ memory_limit: undefined }, 8_000_000_000)).toBeUndefined()
})

it('goes by the container where that has less than the machine', () => {
  expect(availableMemoryBytes(1_000_000)).toBe(1_000_000)
  expect(availableMemoryBytes(0)).toBe(totalmem())
  expect(availableMemoryBytes(Number.MAX_SAFE_INTEGER)).toBe(totalmem())
})

it('gives DuckDB a limit that it takes', async () => {
  const memoryLimit = memoryLimitOf({ memory_limit: '25%' }, 4 * 2 ** 30)!
  await using warehouse = await openDuckDb({ path: ':memory:', memoryLimit })
  await using connection = await warehouse.connect()
  expect((await connection.query("SELECT current_setting('memory_limit')")).rows).toEqual([['1.0 GiB']])
})

it.each(['0%', '101%', '-5%', '50 percent', '1e3MB', 'half'])('refuses a limit of %s', (limit) => {
  expect(duckdbConfigSchema.safeParse({ memory_limit: limit }).success).toBe(false)
})

it.each(['100%', '0.5%', '512MB', '4 GiB'])('accepts a limit of %s', (limit) => {
  expect(duckdbConfigSchema.parse({ memory_limit: limit }).memory_limit).toBe(limit)
})
