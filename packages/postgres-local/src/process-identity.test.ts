import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { expect, it } from 'vitest'

import { identifyProcess, isGone } from './process-identity.ts'

it('counts this process as alive', async () => {
  expect(await isGone(await identifyProcess(process.pid))).toBe(false)
})

it('counts a process that has ended as gone', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
  const identity = await identifyProcess(child.pid ?? 0)
  expect(await isGone(identity)).toBe(false)
  child.stdin.end()
  await once(child, 'exit')
  expect(await isGone(identity)).toBe(true)
})

it.runIf(process.platform === 'linux')('is not deceived by another process with the same id', async () => {
  const identity = await identifyProcess(process.pid)
  expect(await isGone({ ...identity, startedAt: '1' })).toBe(true)
})

it('counts a process of another host or container as alive, because it cannot know', async () => {
  const identity = await identifyProcess(process.pid)
  expect(await isGone({ ...identity, startedAt: '1', namespace: 'elsewhere' })).toBe(false)
})
