import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'vitest'

const main = new URL('main.ts', import.meta.url).pathname

function start(...options: readonly string[]) {
  return spawn(process.execPath, [main, '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
}

describe.concurrent('snowflake-local', () => {
  it('says how to connect, lets in whom it names, and ends when it is told to', async ({ expect }) => {
    const child = start('--user', 'me', '--password', 'hush')
    const lines: string[] = []
    for await (const line of createInterface(child.stdout)) {
      lines.push(line)
      if (line.includes('password: ')) break
    }
    const url = /http:\/\/\S+/.exec(lines[0] ?? '')?.[0] ?? ''
    const login = await fetch(`${url}/session/v1/login-request`, {
      method: 'POST',
      body: JSON.stringify({ data: { LOGIN_NAME: 'ME', PASSWORD: 'hush' } }),
    })
    expect(await login.json()).toMatchObject({ success: true })
    expect(lines.join('\n')).not.toContain('hush')

    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('fails in words when it cannot listen', async ({ expect }) => {
    const child = start('--host', '192.0.2.1')
    const [line] = (await once(createInterface(child.stderr), 'line')) as string[]
    expect(line).toMatch(/^snowflake-local: .*192\.0\.2\.1/)
    expect(await once(child, 'exit')).toEqual([1, null])
  })
})
