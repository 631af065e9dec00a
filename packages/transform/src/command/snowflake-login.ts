import { readFile } from 'node:fs/promises'
import type { OpenSnowflakeOptions, SnowflakeAuthentication } from '@eclusa/warehouse'
import { EclusaError } from '@eclusa/sdk'
import type { Profile } from '../project/profile.ts'

type Credentials = Profile['credentials']

/**
 * How to log in to Snowflake with the keys of dbt-snowflake: a key pair where there is a private key, else a token, else the
 * password.
 *
 * @throws PROJECT_INVALID for a way to log in that needs a browser or a server of its own, for none at all, and for a key
 *   file that cannot be read.
 */
export async function snowflakeOptions(credentials: Credentials): Promise<OpenSnowflakeOptions> {
  const text = (key: string) => (typeof credentials[key] === 'string' ? credentials[key] : undefined)
  const [host, protocol, queryTag] = [text('host'), text('protocol'), text('query_tag')]
  const [warehouse, schema, role] = [text('warehouse'), text('schema'), text('role')]
  const port = credentials['port']
  return {
    account: text('account')!,
    user: text('user') ?? '',
    database: text('database')!,
    authentication: await authenticationOf(credentials, text),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(protocol === 'http' || protocol === 'https' ? { protocol } : {}),
    ...(warehouse === undefined ? {} : { warehouse }),
    ...(schema === undefined ? {} : { schema }),
    ...(role === undefined ? {} : { role }),
    ...(queryTag === undefined ? {} : { queryTag }),
  }
}

async function authenticationOf(
  credentials: Credentials,
  text: (key: string) => string | undefined,
): Promise<SnowflakeAuthentication> {
  const keyPath = text('private_key_path')
  const privateKey = keyPath === undefined ? text('private_key') : await readKey(keyPath)
  const passphrase = text('private_key_passphrase')
  if (privateKey !== undefined) {
    return { method: 'key_pair', privateKey: pemOf(privateKey), ...(passphrase === undefined ? {} : { passphrase }) }
  }
  const authenticator = text('authenticator')?.toLowerCase() ?? 'snowflake'
  const token = text('token')
  if (authenticator === 'oauth' && token !== undefined) return { method: 'oauth', token }
  if (authenticator === 'programmatic_access_token' && token !== undefined) {
    return { method: 'programmatic_access_token', token }
  }
  const password = text('password')
  const byPassword = ['snowflake', 'username_password_mfa'].includes(authenticator)
  if (byPassword && password !== undefined) return { method: 'password', password }
  throw new EclusaError('PROJECT_INVALID', {
    message: `The target of type snowflake says authenticator: ${authenticator}, which cannot be used here${byPassword ? ' without a password' : ''}.`,
    remedy: 'Give private_key_path, or authenticator: oauth or programmatic_access_token with a token, or a password.',
  })
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new EclusaError('PROJECT_INVALID', {
      message: `The private key ${path} of the profile cannot be read: ${(cause as Error).message}`,
      remedy: 'Correct private_key_path.',
      cause,
    })
  }
}

/** dbt also takes the base64 of the DER form, without the lines of PEM. */
function pemOf(key: string): string {
  if (key.includes('-----BEGIN')) return key.replaceAll('\\n', '\n')
  return `-----BEGIN PRIVATE KEY-----\n${key.replaceAll(/\s/gu, '')}\n-----END PRIVATE KEY-----\n`
}
