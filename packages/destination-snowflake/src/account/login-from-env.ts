import { readFile } from 'node:fs/promises'
import { EclusaError } from '@eclusa/sdk'
import type { OpenSnowflakeOptions, SnowflakeAuthentication } from '@eclusa/warehouse'

type Environment = Readonly<Record<string, string | undefined>>

/** A login that the environment names, and what of it must never be shown. */
export interface EnvironmentLogin {
  readonly options: OpenSnowflakeOptions
  readonly secrets: readonly string[]
}

/**
 * Reads SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER, and the first that is set of SNOWFLAKE_PRIVATE_KEY_PATH (with
 * SNOWFLAKE_PRIVATE_KEY_PASSPHRASE), SNOWFLAKE_TOKEN (a programmatic access token) and SNOWFLAKE_PASSWORD; further
 * SNOWFLAKE_ROLE, SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE, and for an endpoint on this machine SNOWFLAKE_HOST,
 * SNOWFLAKE_PORT and SNOWFLAKE_PROTOCOL.
 *
 * @throws CONFIG_INVALID naming the variables that are missing; SNOWFLAKE_KEY_FILE
 */
export async function snowflakeLoginFromEnv(env: Environment): Promise<EnvironmentLogin> {
  const [account, user] = [env['SNOWFLAKE_ACCOUNT'], env['SNOWFLAKE_USER']]
  const authentication = await authenticationFrom(env)
  if (account === undefined || user === undefined || authentication === undefined) throw missingVariables(env)
  const port = env['SNOWFLAKE_PORT']
  const options = {
    account,
    user,
    authentication,
    database: env['SNOWFLAKE_DATABASE'] ?? 'SNOWFLAKE',
    host: env['SNOWFLAKE_HOST'],
    port: port === undefined ? undefined : Number(port),
    protocol: env['SNOWFLAKE_PROTOCOL'] === 'http' ? 'http' : undefined,
    role: env['SNOWFLAKE_ROLE'],
    warehouse: env['SNOWFLAKE_WAREHOUSE'],
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { options: Object.fromEntries(given) as unknown as OpenSnowflakeOptions, secrets: secretsOf(authentication) }
}

async function authenticationFrom(env: Environment): Promise<SnowflakeAuthentication | undefined> {
  const [keyPath, token, password] = [
    env['SNOWFLAKE_PRIVATE_KEY_PATH'],
    env['SNOWFLAKE_TOKEN'],
    env['SNOWFLAKE_PASSWORD'],
  ]
  const passphrase = env['SNOWFLAKE_PRIVATE_KEY_PASSPHRASE']
  if (keyPath !== undefined) {
    const privateKey = await readKey(keyPath)
    return { method: 'key_pair', privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
  }
  if (token !== undefined) return { method: 'programmatic_access_token', token }
  return password === undefined ? undefined : { method: 'password', password }
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new EclusaError('SNOWFLAKE_KEY_FILE', {
      message: `The private key ${path} cannot be read: ${(cause as Error).message}`,
      remedy: 'Correct SNOWFLAKE_PRIVATE_KEY_PATH.',
      details: { path },
      cause,
    })
  }
}

function secretsOf(authentication: SnowflakeAuthentication): readonly string[] {
  switch (authentication.method) {
    case 'key_pair':
      return [
        authentication.privateKey,
        ...(authentication.passphrase === undefined ? [] : [authentication.passphrase]),
      ]
    case 'password':
      return [authentication.password]
    default:
      return [authentication.token]
  }
}

function missingVariables(env: Environment): EclusaError {
  const missing = ['SNOWFLAKE_ACCOUNT', 'SNOWFLAKE_USER'].filter((name) => env[name] === undefined)
  const secrets = ['SNOWFLAKE_PRIVATE_KEY_PATH', 'SNOWFLAKE_TOKEN', 'SNOWFLAKE_PASSWORD']
  if (secrets.every((name) => env[name] === undefined)) missing.push(`one of ${secrets.join(', ')}`)
  return new EclusaError('CONFIG_INVALID', {
    message: `To log in to Snowflake, environment variables are missing: ${missing.join('; ')}.`,
    remedy: 'Set them, for example: export SNOWFLAKE_ACCOUNT=myorg-myaccount SNOWFLAKE_USER=me SNOWFLAKE_PASSWORD=…',
  })
}
