import { expect, it } from 'vitest'
import { snowflakeFault } from './snowflake-profile.ts'

const login = { account: 'myorg-a', user: 'loader', database: 'd', schema: 's' }

it.each([
  { ...login, password: 'p', role: 'r', warehouse: 'w', query_tag: 't', client_session_keep_alive: true },
  { ...login, private_key_path: 'key.p8', private_key_passphrase: 'x', connect_retries: 3, connect_timeout: '10' },
  { ...login, authenticator: 'externalbrowser', password: null },
  { account: 'a', authenticator: 'oauth', token: 't', oauth_client_id: 'i', oauth_client_secret: 's' },
  { account: 'a', authenticator: 'jwt', token: 't', platform_detection_timeout_seconds: 0.5 },
])('takes %j', (given) => {
  expect(snowflakeFault(given)).toBeUndefined()
})

it.each([
  [{ user: 'u' }, undefined, /no account/u],
  [{ account: 'a' }, undefined, /no user/u],
  [{ account: 'a', authenticator: 'oauth' }, undefined, /needs a token/u],
  [{ ...login, private_key: 'k', private_key_path: 'p' }, 'private_key_path', /not both/u],
  [{ ...login, acount: 'a' }, 'acount', /no key "acount" \(did you mean "account"\?\)/u],
  [{ ...login, port: 'abc' }, 'port', /port is a whole number/u],
  [{ ...login, retry_all: 'yes' }, 'retry_all', /retry_all is true or false/u],
  [{ ...login, password: 12 }, 'password', /password is a text/u],
  [{ ...login, protocol: 'ftp' }, 'protocol', /https or http/u],
])('refuses %j', (given, key, message) => {
  const fault = snowflakeFault(given)
  expect(fault?.key).toBe(key)
  expect(fault?.message).toMatch(message)
})
