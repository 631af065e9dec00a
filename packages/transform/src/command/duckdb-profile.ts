import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import { isRecord } from '../manifest/node-config.ts'
import type { Profile } from '../project/profile.ts'

/* What dbt-duckdb's keys of a profile ask of a database that has just been opened. */

type Credentials = Profile['credentials']

/** Keys of dbt-duckdb that are Python, or another service. To pass them over would build something else than asked. */
const refusedKeys: Readonly<Record<string, string>> = {
  plugins: 'plugins of dbt-duckdb are Python and cannot be loaded here',
  filesystems:
    'filesystems of fsspec are Python and cannot be loaded here; `extensions: [httpfs]` and `secrets` reach S3, GCS and Azure',
  remote: 'a remote DuckDB (Buena Vista) cannot be reached from here',
  motherduck_token: 'MotherDuck cannot be reached from here yet',
}

/** @throws PROJECT_INVALID for keys that mean nothing without dbt-duckdb itself. */
export function refuseForeignKeys(credentials: Credentials): void {
  const given = Object.keys(refusedKeys).filter((key) => isGiven(credentials[key]))
  const place = credentials['path']
  if (typeof place === 'string' && /^(?:md|motherduck|ducklake):/u.test(place)) given.push('path')
  if (given.length === 0) return
  const faults = given.map(
    (key) => `${key}: ${refusedKeys[key] ?? 'MotherDuck and DuckLake cannot be the database yet'}`,
  )
  throw new EclusaError('PROJECT_INVALID', {
    message: `The profile asks for what cannot be done:\n- ${faults.join('\n- ')}`,
    remedy: 'Take these keys out of profiles.yml, or write a target of its own without them.',
  })
}

/** Extensions, secrets and attached databases, in this order: each may need those before it. */
export async function prepareDuckDb(warehouse: Warehouse, credentials: Credentials, directory: string): Promise<void> {
  const [extensions, secrets] = [extensionStatements(credentials), secretsOf(credentials)]
  const attachments = attachStatements(credentials, directory)
  if (extensions.length + secrets.length + attachments.length === 0) return
  await using connection = await warehouse.connect()
  for (const statement of extensions) await connection.query(statement)
  for (const [index, secret] of secrets.entries()) {
    try {
      await connection.query(secretStatement(secret, index))
    } catch (error) {
      throw secretRefused(secret, index, error)
    }
  }
  for (const statement of attachments) await connection.query(statement)
}

/** What every session begins with. Files are looked for in the project's folder, into which dbt changes. */
export function duckdbSettings(credentials: Credentials, directory: string): string[] {
  const own = [credentials['config_options'], credentials['settings']].filter(isRecord)
  const settings = Object.assign({}, ...own) as Readonly<Record<string, unknown>>
  const isElsewhere = path.resolve(directory) !== process.cwd() && !('file_search_path' in settings)
  return [
    ...(isElsewhere ? [`SET file_search_path = ${quoteText(path.resolve(directory))}`] : []),
    ...Object.entries(settings).map(([name, value]) => `SET ${name} = ${quoteText(String(value))}`),
  ]
}

/** `extensions: [httpfs, {name: spatial, repo: community}]` */
function extensionStatements(credentials: Credentials): string[] {
  return listAt(credentials, 'extensions').flatMap((extension) => {
    const [name, repository] = isRecord(extension)
      ? [String(extension['name']), extension['repo']]
      : [String(extension), undefined]
    const from = typeof repository === 'string' ? ` FROM ${repository}` : ''
    return [`INSTALL ${name}${from}`, `LOAD ${name}`]
  })
}

/** `attach: [{path: other.duckdb, alias: other, read_only: true, type: sqlite, secret: mine, options: {…}}]` */
function attachStatements(credentials: Credentials, directory: string): string[] {
  return listAt(credentials, 'attach')
    .filter(isRecord)
    .map((attachment) => {
      const place = String(attachment['path'])
      const file = /^[\w+-]+:/u.test(place) ? place : path.resolve(directory, place)
      const name = typeof attachment['alias'] === 'string' ? ` AS ${quoteName(attachment['alias'])}` : ''
      const options = isRecord(attachment['options']) ? attachment['options'] : {}
      const { type, secret, read_only: readOnly } = { ...options, ...attachment }
      const others = Object.entries(options).filter(([key]) => !['type', 'secret', 'read_only'].includes(key))
      const wanted = [
        ...(typeof type === 'string' ? [`TYPE ${type}`] : []),
        ...(typeof secret === 'string' ? [`SECRET ${secret}`] : []),
        ...(readOnly === true ? ['READ_ONLY'] : []),
        ...others.flatMap(([key, value]) => attachOption(key.toUpperCase(), value)),
      ]
      const details = wanted.length === 0 ? '' : ` (${wanted.join(', ')})`
      return `ATTACH IF NOT EXISTS ${quoteText(file)}${name}${details}`
    })
}

function attachOption(key: string, value: unknown): string[] {
  if (typeof value === 'boolean') return value ? [key] : []
  if (typeof value !== 'string') return typeof value === 'number' ? [`${key} ${value}`] : []
  return [`${key} ${/^(['"]).*\1$/u.test(value.trim()) ? value : quoteText(value)}`]
}

type Secret = Readonly<Record<string, unknown>>

/** `secrets: [{type: s3, region: eu-west-1, key_id: …, secret: …}]`, and the older `use_credential_provider: aws`. */
function secretsOf(credentials: Credentials): Secret[] {
  const provided: Secret[] =
    credentials['use_credential_provider'] === 'aws' ? [{ type: 's3', provider: 'credential_chain' }] : []
  return [...listAt(credentials, 'secrets').filter(isRecord), ...provided]
}

function secretStatement({ name, persistent, scope, ...parameters }: Secret, index: number): string {
  const scopes = scope === undefined || scope === null ? [] : Array.isArray(scope) ? (scope as unknown[]) : [scope]
  const wanted = [
    ...Object.entries(parameters)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => `${key} ${secretValue(key, value)}`),
    ...scopes.map((place) => `scope ${quoteText(String(place))}`),
  ]
  const title = typeof name === 'string' ? name : `_dbt_secret_${index + 1}`
  return `CREATE OR REPLACE${persistent === true ? ' PERSISTENT' : ''} SECRET ${title} (${wanted.join(', ')})`
}

function secretValue(key: string, value: unknown): string {
  if (isRecord(value)) {
    const items = Object.entries(value).map(([name, item]) => `${quoteText(name)}: ${quoteText(String(item))}`)
    return `map {${items.join(', ')}}`
  }
  if (Array.isArray(value)) return `array [${value.map((item) => quoteText(String(item))).join(', ')}]`
  return ['type', 'provider', 'extra_http_headers'].includes(key) ? String(value) : quoteText(String(value))
}

/** DuckDB's words may hold what is secret: its values are left out, and the statement is. */
function secretRefused(secret: Secret, index: number, error: unknown): EclusaError {
  const values = Object.values(secret).filter((value): value is string => typeof value === 'string' && value.length > 3)
  const said = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  const shown = values.reduce((text, value) => text.replaceAll(value, '…'), said)
  return new EclusaError('PROJECT_INVALID', {
    message: `DuckDB refused secret ${index + 1} of the profile (type ${String(secret['type'])}): ${shown}`,
    remedy:
      'Compare its keys with DuckDB’s documentation of CREATE SECRET, and name the extension that knows its type.',
  })
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
}

function listAt(credentials: Credentials, key: string): readonly unknown[] {
  const value = credentials[key]
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
