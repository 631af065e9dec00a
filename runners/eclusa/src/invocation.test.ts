import { expect, test } from 'vitest'
import { invocationOf, shellWord } from './invocation.ts'

test.each([
  [{}, 'eclusa'],
  [{ npm_package_name: 'eclusa-monorepo', npm_lifecycle_event: 'demo' }, 'npx -y pnpm@12 eclusa'],
  [{ npm_command: 'exec', npm_lifecycle_event: 'npx' }, 'npx eclusa'],
  [{ npm_package_name: 'shop', npm_lifecycle_event: 'nightly' }, 'eclusa'],
])('with %j examples begin with %s', (env, invocation) => {
  expect(invocationOf(env)).toBe(invocation)
})

test('a word is quoted only where a shell would take it apart', () => {
  expect(shellWord('./eclusa-demo')).toBe('./eclusa-demo')
  expect(shellWord("it's here")).toBe(String.raw`'it'\''s here'`)
})
