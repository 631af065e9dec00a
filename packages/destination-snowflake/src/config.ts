import { tmpdir } from 'node:os'
import type { OpenSnowflakeOptions, SnowflakeAuthentication } from '@eclusa/warehouse'
import type { DeletionMode } from '@eclusa/warehouse/load'
import { z } from 'zod'
import { objectNameOf } from './object-name.ts'
import type { IdentifierPolicy } from './table/snowflake-rules.ts'

/*
 * Keys that mean what Airbyte's destination-snowflake means by them have Airbyte's names. Sizes are in bytes unless the
 * name says otherwise.
 */

const mebibyte = 2 ** 20

/** The ways to log in, by Airbyte's names and by shorter ones; the best first. */
const credentials = z.discriminatedUnion('auth_type', [
  z.strictObject({
    auth_type: z.enum(['key_pair', 'Key Pair Authentication']).describe('A key pair of the user: best for programs'),
    private_key: z
      .string()
      .min(1)
      .meta({ secret: true })
      .describe('The private key: PEM text with its BEGIN and END lines. From a file: ${file:./rsa_key.p8}'),
    private_key_password: z
      .string()
      .min(1)
      .optional()
      .meta({ secret: true })
      .describe('Passphrase that the private key is encrypted with. Default: none'),
  }),
  z.strictObject({
    auth_type: z.literal('programmatic_access_token').describe('A token that the user made for programs'),
    token: z.string().min(1).meta({ secret: true }).describe('A programmatic access token of the user'),
  }),
  z.strictObject({
    auth_type: z.enum(['oauth', 'OAuth2.0']).describe('A token of an OAuth server'),
    access_token: z
      .string()
      .min(1)
      .meta({ secret: true })
      .describe('An OAuth access token. It is not renewed: for runs that end before it does'),
  }),
  z.strictObject({
    auth_type: z.enum(['password', 'Username and Password']).describe('A password: for trying out'),
    password: z
      .string()
      .min(1)
      .meta({ secret: true })
      .describe('Password of the user. Snowflake is ending logins of programs by password: use a key pair'),
  }),
])

/** The configuration of the Snowflake destination. */
export const snowflakeConfigSchema = z
  .strictObject({
    account: z
      .string()
      .min(1)
      .optional()
      .describe('The account identifier: myorg-myaccount. Default: the first part of `host`'),
    host: z
      .string()
      .min(1)
      .optional()
      .describe('Name of the server. Default: the account with .snowflakecomputing.com behind it'),
    port: z.int().min(1).max(65_535).optional().describe('Default: 443'),
    protocol: z
      .enum(['https', 'http'])
      .default('https')
      .describe('http is for endpoints on this machine, such as snowflake-local'),
    username: z.string().min(1).describe('The user that logs in'),
    credentials: credentials.describe('How the user proves who it is. A key pair is best'),
    role: z.string().min(1).optional().describe('Role of the session. Default: the default role of the user'),
    warehouse: z
      .string()
      .min(1)
      .describe('Virtual warehouse that loads and merges. It costs while it runs: set AUTO_SUSPEND = 60'),
    database: z.string().min(1).describe('Database that the tables are in. It has to exist'),
    schema: z
      .string()
      .min(1)
      .optional()
      .describe('Put all tables into this schema. Default: the schema that each stream names as its target, or PUBLIC'),
    identifiers: z
      .enum(['upper', 'as_is'])
      .default('upper')
      .describe(
        'Names of schemas, tables and columns. upper: in capitals, so that SQL needs no quotes; as_is: as the source has them, to be quoted',
      ),
    cdc_deletion_mode: z
      .enum(['hard_delete', 'soft_delete', 'Hard delete', 'Soft delete'])
      .default('hard_delete')
      .describe(
        'What becomes of rows that are deleted in a replicated table: hard_delete removes them, soft_delete keeps them and sets _ab_cdc_deleted_at',
      ),
    retention_period_days: z
      .int()
      .min(0)
      .max(90)
      .optional()
      .describe(
        'How many days Time Travel reaches back in tables that are made from now on. More than 1 needs Enterprise Edition. Default: that of the schema',
      ),
    file_bytes_target: z
      .int()
      .min(mebibyte)
      .max(1024 * mebibyte)
      .default(32 * mebibyte)
      .describe('A staged Parquet file is full at this size. Default: 33554432. Several files load in parallel'),
    uploads_max: z.int().min(1).max(32).default(4).describe('Files on their way to the stage at once. Default: 4'),
    staging_directory: z
      .string()
      .min(1)
      .optional()
      .meta({ path: true })
      .describe("Where files wait on this machine to be put into the stage. Default: the system's temporary directory"),
    value_bytes_max: z
      .int()
      .min(16 * mebibyte)
      .max(128 * mebibyte)
      .default(128 * mebibyte)
      .describe(
        'The longest text or JSON that columns of the account hold; of binary values half. Default: 134217728. 16777216 for accounts without large columns',
      ),
  })
  .refine(({ account, host }) => account !== undefined || accountOfHost(host) !== undefined, {
    path: ['account'],
    message: 'write the account identifier, or a host that begins with it: myorg-myaccount.snowflakecomputing.com',
  })

export type SnowflakeConfig = z.output<typeof snowflakeConfigSchema>

/** The names in Airbyte's configurations mean the same. */
export function deletionModeOf({ cdc_deletion_mode: mode }: SnowflakeConfig): DeletionMode {
  return mode === 'soft_delete' || mode === 'Soft delete' ? 'soft_delete' : 'hard_delete'
}

/** The configuration with everything in its place, and objects named as Snowflake stores them. */
export interface SnowflakeSettings {
  readonly login: Omit<OpenSnowflakeOptions, 'signal' | 'queryTag'> & { readonly warehouse: string }
  /** All tables go there; undefined: each into its stream's. */
  readonly schema: string | undefined
  readonly identifiers: IdentifierPolicy
  readonly deletionMode: DeletionMode
  readonly retentionDays: number | undefined
  readonly fileBytesTarget: number
  readonly uploadsMax: number
  readonly stagingDirectory: string
  readonly valueBytesMax: number
}

export function settingsOf(config: SnowflakeConfig): SnowflakeSettings {
  return {
    login: loginOf(config),
    schema: config.schema === undefined ? undefined : objectNameOf(config.schema),
    identifiers: config.identifiers,
    deletionMode: deletionModeOf(config),
    retentionDays: config.retention_period_days,
    fileBytesTarget: config.file_bytes_target,
    uploadsMax: config.uploads_max,
    stagingDirectory: config.staging_directory ?? tmpdir(),
    valueBytesMax: config.value_bytes_max,
  }
}

function loginOf(config: SnowflakeConfig): SnowflakeSettings['login'] {
  const { host, port, protocol, role } = config
  return {
    account: config.account ?? accountOfHost(host)!,
    user: config.username,
    authentication: authenticationOf(config.credentials),
    protocol,
    warehouse: objectNameOf(config.warehouse),
    database: objectNameOf(config.database),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(role === undefined ? {} : { role: objectNameOf(role) }),
  }
}

function authenticationOf(credential: SnowflakeConfig['credentials']): SnowflakeAuthentication {
  switch (credential.auth_type) {
    case 'key_pair':
    case 'Key Pair Authentication': {
      const { private_key: privateKey, private_key_password: passphrase } = credential
      return { method: 'key_pair', privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
    }
    case 'programmatic_access_token':
      return { method: 'programmatic_access_token', token: credential.token }
    case 'oauth':
    case 'OAuth2.0':
      return { method: 'oauth', token: credential.access_token }
    default:
      return { method: 'password', password: credential.password }
  }
}

/** `myorg-myaccount` of `myorg-myaccount.snowflakecomputing.com`, with its region where it has one. */
function accountOfHost(host: string | undefined): string | undefined {
  return /^(.+?)(?:\.privatelink)?\.snowflakecomputing\.(?:com|cn)$/iu.exec(host ?? '')?.[1]
}
