import { describe, expect, it } from 'vitest'
import { commitPolicyDefault, isCommitDue } from './commit-policy.ts'

const nothing = { bytes: 0, elapsedMs: 0, hasData: false, isFollowing: false }

describe('a commit is due', () => {
  it.each([
    ['after enough bytes', { bytes: 128 * 1024 * 1024, hasData: true }, true],
    ['after long enough', { elapsedMs: 10_000 }, true],
    ['not before', { bytes: 1000, elapsedMs: 9999, hasData: true }, false],
    ['at once for data that a run follows', { bytes: 1, hasData: true, isFollowing: true }, true],
    ['at once for a truncation, which has no bytes', { hasData: true, isFollowing: true }, true],
    ['after a while for a position alone', { elapsedMs: 10_000, isFollowing: true }, true],
    ['not at once for a position alone', { elapsedMs: 9999, isFollowing: true }, false],
  ])('%s', (_, since, due) => {
    expect(isCommitDue(commitPolicyDefault, { ...nothing, ...since })).toBe(due)
  })
})
