import { createHash, timingSafeEqual } from 'node:crypto'
import { isKeyPairTokenValid, tryReadPublicKey } from './key-pair-token.ts'

/** Who may log in, and with what; each means that is given opens the door by itself. */
export interface LocalUser {
  /** Folded to upper case, as Snowflake does. */
  readonly name: string
  readonly password?: string
  /** PEM, or its base64 alone. */
  readonly publicKey?: string
  readonly oauthToken?: string
  /** A programmatic access token; it is also taken in the place of a password. */
  readonly accessToken?: string
}

export interface LoginRequest {
  readonly accountName: string
  readonly loginName: string
  readonly authenticator: string
  readonly password: string
  readonly token: string
}

export interface LoginRefusal {
  readonly code: string
  readonly message: string
}

const wrongPassword: LoginRefusal = { code: '390100', message: 'Incorrect username or password was specified.' }
const wrongKeyPairToken: LoginRefusal = { code: '390144', message: 'JWT token is invalid.' }
const wrongOauthToken: LoginRefusal = { code: '390303', message: 'Invalid OAuth access token.' }
const wrongAccessToken: LoginRefusal = { code: '394400', message: 'Programmatic access token is invalid.' }

/** The user who is let in, or what the driver is told. */
export function checkLogin(
  users: readonly LocalUser[],
  login: LoginRequest,
  nowMs = Date.now(),
): LocalUser | LoginRefusal {
  const named = users.filter((user) => user.name.toUpperCase() === login.loginName.toUpperCase())
  // A token says who it is for: a driver may leave the name out.
  const tokenUsers = login.loginName === '' ? users : named
  switch (login.authenticator.toUpperCase()) {
    case '':
    case 'SNOWFLAKE':
    case 'USERNAME_PASSWORD_MFA':
      return named.find((user) => isPassword(user, login.password)) ?? wrongPassword
    case 'SNOWFLAKE_JWT':
      return named.find((user) => isKeyPair(user, login, nowMs)) ?? wrongKeyPairToken
    case 'OAUTH':
      return tokenUsers.find((user) => isSecret(user.oauthToken, login.token)) ?? wrongOauthToken
    case 'PROGRAMMATIC_ACCESS_TOKEN':
      return tokenUsers.find((user) => isSecret(user.accessToken, login.token)) ?? wrongAccessToken
    default:
      return { code: '390001', message: `The authenticator is not one that this endpoint knows.` }
  }
}

function isPassword(user: LocalUser, given: string): boolean {
  return isSecret(user.password, given) || isSecret(user.accessToken, given)
}

function isKeyPair(user: LocalUser, login: LoginRequest, nowMs: number): boolean {
  // The drivers leave the region out of the account that they sign for.
  const account = (login.accountName.split('.')[0] ?? '').toUpperCase()
  const publicKey = user.publicKey === undefined ? undefined : tryReadPublicKey(user.publicKey)
  if (publicKey === undefined) return false
  return isKeyPairTokenValid(login.token, publicKey, { account, user: user.name.toUpperCase() }, nowMs)
}

/** Takes as long for a wrong secret as for the right one. */
function isSecret(expected: string | undefined, given: string): boolean {
  if (expected === undefined) return false
  return timingSafeEqual(digest(expected), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
