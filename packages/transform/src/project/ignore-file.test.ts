import { describe, expect, it } from 'vitest'
import { ignoreRule } from './ignore-file.ts'

describe('.dbtignore', () => {
  it.each([
    ['*.bak.sql', 'models/a.bak.sql', true],
    ['*.bak.sql', 'models/a.sql', false],
    ['legacy/', 'models/legacy/a.sql', true],
    ['legacy/', 'models/legacy.sql', false],
    ['legacy', 'models/legacy/deep/a.sql', true],
    ['/models/a.sql', 'models/a.sql', true],
    ['/a.sql', 'models/a.sql', false],
    ['models/*.sql', 'models/x/a.sql', false],
    ['models/**/a.sql', 'models/x/y/a.sql', true],
    ['models/**/a.sql', 'models/a.sql', true],
    ['models/old/**', 'models/old/x/a.sql', true],
    ['a?.sql', 'models/ab.sql', true],
    ['a[!x].sql', 'models/ax.sql', false],
    ['# a.sql\n\n', 'models/a.sql', false],
    ['*.sql\n!keep.sql', 'models/keep.sql', false],
  ])('%j about %s', (text, file, ignored) => {
    expect(ignoreRule(text)(file)).toBe(ignored)
  })
})
