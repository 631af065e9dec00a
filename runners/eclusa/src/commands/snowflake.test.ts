import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCaptured } from '../testing/captured-host.ts'

let directory: string
let server: SnowflakeLocal
let env: Record<string, string>
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'eclusa snowflake '))
  server = await startSnowflakeLocal()
  const { username, password } = server.connectionOptions
  env = {
    SNOWFLAKE_ACCOUNT: 'local',
    SNOWFLAKE_USER: username,
    SNOWFLAKE_PASSWORD: password ?? '',
    SNOWFLAKE_HOST: server.host,
    SNOWFLAKE_PORT: String(server.port),
    SNOWFLAKE_PROTOCOL: 'http',
  }
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const eclusa = (...words: readonly string[]) => runCaptured(['snowflake', ...words], { directory, env })

describe('eclusa snowflake', () => {
  it('prints the SQL with the public key of a new key pair, and never the private one', async () => {
    const keyPath = path.join(directory, 'rsa_key.p8')
    const { outcome, stdout, stderr } = await eclusa('setup', '--generate-key', keyPath, '--schemas', 'raw,marts')
    expect(outcome).toBe('ok')
    expect(stdout).toContain('CREATE SCHEMA IF NOT EXISTS ECLUSA.RAW')
    expect(stdout).toMatch(/ALTER USER ECLUSA_USER SET RSA_PUBLIC_KEY = 'MII[A-Za-z0-9+/=]+';/u)
    expect(stderr).toContain(keyPath)
    const [, secret] = (await readFile(keyPath, 'utf8')).split('\n')
    expect(stdout + stderr).not.toContain(secret)
  })

  it('prepares an account, and finds it prepared', async () => {
    const before = await eclusa('doctor')
    expect(before.outcome).toBe('check_failed')
    expect(before.stdout).toContain('CREATE DATABASE IF NOT EXISTS ECLUSA')

    const keyPath = path.join(directory, 'other_key.p8')
    const applied = await eclusa('setup', '--apply', '--generate-key', keyPath)
    expect(applied).toMatchObject({ outcome: 'ok', stdout: expect.stringContaining('done  user ECLUSA_USER\n') })

    const after = await eclusa('doctor', '--public-key', keyPath)
    expect(after.stdout).not.toMatch(/^(?:warn|fail)/mu)
    expect(after.outcome).toBe('ok')
  })

  it('names what is missing to log in', async () => {
    const { outcome, stderr } = await runCaptured(['snowflake', 'doctor'], { directory, env: {} })
    expect(outcome).toBe('configuration')
    expect(stderr).toContain('SNOWFLAKE_ACCOUNT; SNOWFLAKE_USER; one of SNOWFLAKE_PRIVATE_KEY_PATH')
  })
})
