import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveDocs } from './docs-server.ts'
import type { DocsServer } from './docs-server.ts'

let folder: string
let server: DocsServer
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'eclusa docs '))
  await mkdir(path.join(folder, 'target/docs'), { recursive: true })
  await writeFile(path.join(folder, 'secret.txt'), 'secret')
  await writeFile(path.join(folder, 'target/index.html'), '<!doctype html>')
  await writeFile(path.join(folder, 'target/docs/a b.js'), 'x')
  await symlink(path.join(folder, 'secret.txt'), path.join(folder, 'target/link.txt'))
  server = await serveDocs({ folder: path.join(folder, 'target'), host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** As it stands: `fetch` would tidy the path up. */
async function ask(target: string, method = 'GET') {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; type: string; body: string }>()
  request({ host: '127.0.0.1', port: server.port, path: target, method }, (response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (text: string) => (body += text))
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
    )
  })
    .on('error', reject)
    .end()
  return await promise
}

describe('serveDocs', () => {
  it('serves the files of the folder, and index.html for the folder itself', async () => {
    expect(await ask('/')).toEqual({ status: 200, type: 'text/html; charset=utf-8', body: '<!doctype html>' })
    expect(await ask('/docs/a%20b.js?x=1')).toEqual({ status: 200, type: 'text/javascript; charset=utf-8', body: 'x' })
    expect(await ask('/', 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/docs/..%2f..%2fsecret.txt',
    '/docs/..%5c..%5csecret.txt',
    '/link.txt',
    '/index.html%00.js',
    '/%',
    '/docs',
    '/absent.js',
    '//etc/passwd',
  ])('serves nothing for %s', async (target) => {
    const { status, body } = await ask(target)
    expect({ status, body }).toEqual({ status: 404, body: 'There is no such file.\n' })
  })

  it('answers no other method', async () => {
    expect((await ask('/', 'POST')).status).toBe(405)
  })

  it('says which port is taken, and how to name another', async () => {
    const { port } = server
    const taken = await serveDocs({ folder, host: '127.0.0.1', port }).catch((error: unknown) => error)
    expect(EclusaError.isInstance(taken) && [taken.code, taken.message, taken.remedy]).toEqual([
      'DOCS_NOT_SERVED',
      `The docs cannot be served at 127.0.0.1:${port}: another program listens there already.`,
      `Name another port, as with --port ${port + 1}, or another address with --host.`,
    ])
  })
})
