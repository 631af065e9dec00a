import { expect, it } from 'vitest'
import { IdleCores } from './idle-cores.ts'

const core = (busy: number, idle: number) => ({ times: { user: busy, nice: 0, sys: 0, irq: 0, idle } })

function afterwards(...cores: ReturnType<typeof core>[]): number {
  let now = cores.map(() => core(1000, 1000))
  const idleCores = new IdleCores(() => now)
  now = cores.map(({ times }) => core(1000 + times.user, 1000 + times.idle))
  return idleCores.count()
}

it('counts whole cores that were idle, and one that nearly was', () => {
  expect(afterwards(core(100, 0), core(100, 0))).toBe(0)
  expect(afterwards(core(50, 50), core(100, 0))).toBe(0)
  expect(afterwards(core(20, 80), core(100, 0))).toBe(1)
  expect(afterwards(core(90, 10), core(10, 90), core(0, 100), core(5, 95))).toBe(3)
})

it('counts none where no time has passed, and where the system does not tell', () => {
  expect(afterwards(core(0, 0))).toBe(0)
  expect(new IdleCores(() => []).count()).toBe(0)
})

it('forgets what is longer ago than two seconds', () => {
  let now = { cores: [core(0, 0)], ms: 0 }
  const idleCores = new IdleCores(
    () => now.cores,
    () => now.ms,
  )
  const after = (ms: number, busy: number, idle: number) => {
    now = { cores: [core(busy, idle)], ms }
    return idleCores.count()
  }
  expect(after(1000, 0, 1000)).toBe(1)
  expect(after(2000, 1000, 1000)).toBe(0)
  expect(after(4000, 1000, 3000)).toBe(1)
  expect(after(6000, 3000, 3000)).toBe(0)
})
