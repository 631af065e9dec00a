/*
 * Starts the endpoint and runs the tests of this folder in the environments of Python that are named: programs that nobody
 * here wrote judge it.
 *
 *   node packages/snowflake-local/interop/clients.ts <python> [arguments of pytest]
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSnowflakeLocal } from '../src/index.ts'

const [python = 'python3', ...args] = process.argv.slice(2)
const secrets = { password: 'interop-password', oauth: 'interop-oauth', pat: 'interop-pat' }
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const directory = await mkdtemp(path.join(tmpdir(), 'snowflake-clients-'))
const keyFile = path.join(directory, 'key.pem')
try {
  await writeFile(keyFile, privateKey, { mode: 0o600 })
  await using server = await startSnowflakeLocal({
    users: [
      { name: 'LOCAL', password: secrets.password, publicKey, oauthToken: secrets.oauth, accessToken: secrets.pat },
    ],
  })
  const pytest = spawn(
    python,
    ['-m', 'pytest', '-q', '-W', 'ignore', '--tb=short', '-p', 'no:cacheprovider', import.meta.dirname, ...args],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: '1',
        NO_PROXY: '127.0.0.1',
        SNOWFLAKE_HOME: directory,
        SNOWFLAKE_LOCAL_PORT: String(server.port),
        SNOWFLAKE_LOCAL_PASSWORD: secrets.password,
        SNOWFLAKE_LOCAL_OAUTH: secrets.oauth,
        SNOWFLAKE_LOCAL_PAT: secrets.pat,
        SNOWFLAKE_LOCAL_KEY: keyFile,
      },
    },
  )
  const [status] = (await once(pytest, 'exit')) as [number | null]
  process.exitCode = status ?? 1
} finally {
  await rm(directory, { recursive: true, force: true })
}
