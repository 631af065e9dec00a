import { createPrivateKey } from 'node:crypto'
import type { ConnectionOptions } from 'snowflake-sdk'
import { EclusaError } from '@eclusa/sdk'

/** How a user proves who they are, the best way first. */
export type SnowflakeAuthentication =
  /** PEM, PKCS#8 or PKCS#1; encrypted ones need the passphrase. */
  | { readonly method: 'key_pair'; readonly privateKey: string; readonly passphrase?: string }
  | { readonly method: 'oauth'; readonly token: string }
  | { readonly method: 'programmatic_access_token'; readonly token: string }
  /** Snowflake is ending logins of programs by password alone: for trying out, and for old accounts. */
  | { readonly method: 'password'; readonly password: string }

type DriverAuthentication = Pick<ConnectionOptions, 'authenticator' | 'privateKey' | 'token' | 'password'>

/**
 * The driver's options for a way to log in. Keys are decrypted here: the driver's own message for a wrong passphrase
 * names neither key nor passphrase.
 *
 * @throws WAREHOUSE_KEY_UNREADABLE when the key is none, or the passphrase is missing or wrong.
 */
export function driverAuthentication(authentication: SnowflakeAuthentication): DriverAuthentication {
  switch (authentication.method) {
    case 'key_pair':
      return { authenticator: 'SNOWFLAKE_JWT', privateKey: decryptedKey(authentication) }
    case 'oauth':
      return { authenticator: 'OAUTH', token: authentication.token }
    case 'programmatic_access_token':
      return { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', token: authentication.token }
    case 'password':
      return { authenticator: 'SNOWFLAKE', password: authentication.password }
  }
}

function decryptedKey({ privateKey, passphrase }: SnowflakeAuthentication & { method: 'key_pair' }): string {
  try {
    const key = createPrivateKey({
      key: privateKey,
      format: 'pem',
      ...(passphrase === undefined ? {} : { passphrase }),
    })
    return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch (cause) {
    const isEncrypted = /ENCRYPTED/u.test(privateKey)
    throw new EclusaError('WAREHOUSE_KEY_UNREADABLE', {
      message: isEncrypted
        ? `The private key is encrypted and ${passphrase === undefined ? 'no passphrase was given' : 'the passphrase does not open it'}.`
        : 'The private key is not a key in PEM format.',
      cause,
    })
  }
}
