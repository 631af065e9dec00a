import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePrivateDirectory, socketPathsOf } from './socket-path.ts'

let directory: string
beforeAll(async () => {
  directory = realpathSync(await mkdtemp(join(tmpdir(), 'eclusa-path-')))
})
afterAll(async () => await rm(directory, { recursive: true }))

describe('the path of a socket', () => {
  it('lies beside the file, and in a folder of the user as the second choice', () => {
    const env = { XDG_RUNTIME_DIR: '/run/user/7' }
    expect(socketPathsOf(join(directory, 'w.duckdb'), { env, platform: 'linux' })).toEqual([
      join(directory, 'w.duckdb.sock'),
      expect.stringMatching(/^\/run\/user\/7\/eclusa\/[0-9a-f]{32}\.sock$/u),
    ])
  })

  it('is the same by whatever name the file goes', async () => {
    await writeFile(join(directory, 'real.duckdb'), '')
    await mkdir(join(directory, 'folder'))
    await symlink(join(directory, 'real.duckdb'), join(directory, 'folder', 'link.duckdb'))
    const paths = (file: string) => socketPathsOf(file, { env: {}, platform: 'linux' })
    expect(paths(join(directory, 'folder', 'link.duckdb'))).toEqual(paths(join(directory, 'real.duckdb')))
  })

  it('is only in the folder of the user where it would be longer than the system takes', () => {
    const env = { XDG_RUNTIME_DIR: '/run/user/7' }
    const paths = socketPathsOf(join(directory, 'x'.repeat(100), 'w.duckdb'), { env, platform: 'linux' })
    expect(paths.map((path) => dirname(path))).toEqual(['/run/user/7/eclusa'])
  })

  it('is a named pipe on Windows', () => {
    const [path, ...others] = socketPathsOf(join(directory, 'w.duckdb'), { env: {}, platform: 'win32' })
    expect([path, others]).toEqual([expect.stringMatching(/^\\\\\.\\pipe\\eclusa-[0-9a-f]{32}$/u), []])
  })
})

describe('the folder of the user', () => {
  it('is made for them alone, and refused where others can get in', async () => {
    const path = join(directory, 'runtime', 'eclusa')
    makePrivateDirectory(path)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    await chmod(path, 0o755)
    expect(() => makePrivateDirectory(path)).toThrow(/not this user's alone/u)
  })
})
