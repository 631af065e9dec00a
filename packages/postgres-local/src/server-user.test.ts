import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { mayEnter, parsePasswd } from './server-user.ts'

it('reads users from /etc/passwd and leaves out root and damaged lines', () => {
  const text = [
    'root:x:0:0:root:/root:/bin/bash',
    '# comment',
    'postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash',
    'broken:x:',
    '',
  ].join('\n')
  expect(parsePasswd(text)).toEqual([{ name: 'postgres', uid: 101, gid: 104 }])
})

it('knows who may enter a directory by owner, group and others', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'may-enter-'))
  const uid = process.getuid?.() ?? 0
  const gid = process.getgid?.() ?? 0
  const owner = { name: 'owner', uid, gid: gid + 1 }
  const group = { name: 'group', uid: uid + 1, gid }
  const other = { name: 'other', uid: uid + 1, gid: gid + 1 }
  const allowed = async (mode: number) => {
    await chmod(directory, mode)
    return Promise.all([owner, group, other].map((user) => mayEnter(directory, user)))
  }
  expect(await allowed(0o700)).toEqual([true, false, false])
  expect(await allowed(0o750)).toEqual([true, true, false])
  expect(await allowed(0o705)).toEqual([true, false, true])
  expect(await allowed(0o011)).toEqual([false, true, true])
  await rm(directory, { recursive: true })
})
