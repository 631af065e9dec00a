import { closestName } from '@eclusa/sdk'

/** What a key of a target of type snowflake holds, as dbt-snowflake reads it. */
const kinds = {
  text: 'account user password role warehouse database schema authenticator private_key private_key_path private_key_passphrase token oauth_client_id oauth_client_secret query_tag host proxy_host protocol s3_stage_vpce_dns_name'.split(
    ' ',
  ),
  'whole number': ['port', 'proxy_port', 'connect_retries', 'connect_timeout'],
  number: ['platform_detection_timeout_seconds'],
  'true or false': [
    'client_session_keep_alive',
    'retry_on_database_errors',
    'retry_all',
    'insecure_mode',
    'reuse_connections',
  ],
} satisfies Readonly<Record<string, readonly string[]>>

type Kind = keyof typeof kinds

const isOfKind: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  'whole number': (value) => /^\d+$/u.test(String(value)),
  number: (value) => typeof value === 'number' || (typeof value === 'string' && /^\d+(?:\.\d+)?$/u.test(value)),
  'true or false': (value) => typeof value === 'boolean',
}

const kindOf = new Map<string, Kind>(
  Object.entries(kinds).flatMap(([kind, keys]) => keys.map((key) => [key, kind as Kind] as const)),
)

export interface ProfileFault {
  /** The key at fault; undefined when one is missing. */
  readonly key?: string
  readonly message: string
}

/**
 * The first fault of a target of type snowflake, by dbt-snowflake's rules: which keys there are, what they hold, and which
 * belong together. Undefined when there is none. Names no value: secrets are among them.
 */
export function snowflakeFault(given: Readonly<Record<string, unknown>>): ProfileFault | undefined {
  const values = Object.entries(given).filter(([, value]) => value !== null && value !== undefined)
  for (const [key, value] of values) {
    const kind = kindOf.get(key)
    if (kind === undefined) return unknownKey(key)
    if (!isOfKind[kind](value)) return { key, message: `${key} is ${kind === 'true or false' ? kind : `a ${kind}`}` }
  }
  return faultOfLogin(new Map(values))
}

function unknownKey(key: string): ProfileFault {
  const closest = closestName(key, [...kindOf.keys()])
  const hint = closest === undefined ? '' : ` (did you mean "${closest}"?)`
  return { key, message: `a target of type snowflake has no key "${key}"${hint}` }
}

function faultOfLogin(given: ReadonlyMap<string, unknown>): ProfileFault | undefined {
  if (!given.has('account')) return { message: 'the target has no account, such as myorg-myaccount' }
  const protocol = given.get('protocol')
  if (protocol !== undefined && protocol !== 'https' && protocol !== 'http') {
    return { key: 'protocol', message: 'protocol is https or http' }
  }
  const authenticator = given.get('authenticator')
  const usesToken = authenticator === 'oauth' || authenticator === 'jwt'
  if (!usesToken && !given.has('user')) {
    return { message: 'the target has no user, which only authenticator: oauth and authenticator: jwt can do without' }
  }
  if (usesToken && !given.has('token')) return { message: `authenticator: ${authenticator} needs a token` }
  if (given.has('private_key') && given.has('private_key_path')) {
    return { key: 'private_key_path', message: 'give private_key or private_key_path, not both' }
  }
  return undefined
}
