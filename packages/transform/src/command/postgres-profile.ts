import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { EclusaError, sslModes } from '@eclusa/sdk'
import type { SslMode, SslSettings } from '@eclusa/sdk'
import type { OpenPostgresOptions } from '@eclusa/warehouse'
import type { Profile } from '../project/profile.ts'

/* What dbt-postgres' keys of a profile mean: it hands most of them to libpq, whose rules these are. */

type Credentials = Profile['credentials']

/**
 * How the connection of a profile is opened.
 *
 * @throws PROJECT_INVALID for a value that means nothing, or a file of a certificate that cannot be read.
 */
export async function postgresOptions(credentials: Credentials): Promise<Omit<OpenPostgresOptions, 'signal'>> {
  const password = textAt(credentials, 'password')
  const [role, searchPath] = [textAt(credentials, 'role'), textAt(credentials, 'search_path')]
  const idleSeconds = numberAt(credentials, 'keepalives_idle') ?? 0
  const port = numberAt(credentials, 'port')
  return {
    host: textAt(credentials, 'host') ?? 'localhost',
    ...(port === undefined ? {} : { port }),
    database: textAt(credentials, 'database') ?? '',
    user: textAt(credentials, 'user') ?? '',
    ...(password === undefined ? {} : { password }),
    ssl: await sslSettings(credentials),
    applicationName: textAt(credentials, 'application_name') ?? 'eclusa',
    connectTimeoutMs: (numberAt(credentials, 'connect_timeout') ?? 10) * 1000,
    ...(idleSeconds === 0 ? {} : { keepAliveIdleMs: idleSeconds * 1000 }),
    retriesMax: numberAt(credentials, 'retries') ?? 1,
    ...(searchPath === undefined ? {} : { searchPath }),
    ...(role === undefined ? {} : { role }),
  }
}

async function sslSettings(credentials: Credentials): Promise<SslSettings> {
  const mode = sslModeOf(credentials)
  if (mode === 'disable') return { mode }
  const [authority, certificate] = [
    await pemAt(credentials, 'sslrootcert', 'root.crt'),
    await pemAt(credentials, 'sslcert', 'postgresql.crt'),
  ]
  const key = certificate === undefined ? undefined : await pemAt(credentials, 'sslkey', 'postgresql.key')
  return {
    mode,
    ...(authority === undefined ? {} : { caCertificate: authority }),
    ...(certificate === undefined || key === undefined ? {} : { clientCertificate: certificate, clientKey: key }),
  }
}

/** A misspelt mode must not become one that may do without encryption. An empty one is none, as in dbt. */
function sslModeOf(credentials: Credentials): SslMode {
  const given = credentials['sslmode'] ?? ''
  if (given === '') return 'prefer'
  const mode = sslModes.find((one) => one === given)
  if (mode !== undefined) return mode
  throw new EclusaError('PROJECT_INVALID', {
    message: `The profile's sslmode is ${JSON.stringify(given)}, which PostgreSQL does not know.`,
    remedy: `Write one of ${sslModes.join(', ')} in profiles.yml.`,
  })
}

/** A file that a key names; where it names none, libpq's own in ~/.postgresql, should it be there. */
async function pemAt(credentials: Credentials, key: string, usualName: string): Promise<string | undefined> {
  const place = textAt(credentials, key)
  if (place === undefined) {
    return await readFile(path.join(homedir(), '.postgresql', usualName), 'utf8').catch(() => undefined)
  }
  // libpq's word for the authorities that the system trusts, which are Node's where no other is given.
  if (key === 'sslrootcert' && place === 'system') return undefined
  try {
    return await readFile(place, 'utf8')
  } catch (cause) {
    throw new EclusaError('PROJECT_INVALID', {
      message: `The profile's ${key} is ${JSON.stringify(place)}, which cannot be read.`,
      remedy: 'Correct the path in profiles.yml: it begins at the root, or in the directory the command is run in.',
      cause,
    })
  }
}

/** An empty text is none. */
function textAt(credentials: Credentials, key: string): string | undefined {
  const value = credentials[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberAt(credentials: Credentials, key: string): number | undefined {
  const value = credentials[key] ?? undefined
  if (value === undefined || value === '') return undefined
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number
  throw new EclusaError('PROJECT_INVALID', {
    message: `The profile's ${key} is ${JSON.stringify(value)}, which is no whole number.`,
    remedy: `Write a number for ${key} in profiles.yml.`,
  })
}
