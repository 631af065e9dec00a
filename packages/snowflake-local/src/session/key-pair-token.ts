import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'

/** Clocks of client and server may differ by this much. */
const clockSkewMs = 60_000

export interface KeyPairClaim {
  /** In upper case, as the drivers write them. */
  readonly account: string
  readonly user: string
}

/** The fingerprint that Snowflake shows as RSA_PUBLIC_KEY_FP. */
export function keyFingerprint(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return `SHA256:${createHash('sha256').update(der).digest('base64')}`
}

/** A key as PEM, or as its base64 alone, which is how ALTER USER … SET RSA_PUBLIC_KEY takes it. */
export function readPublicKey(text: string): KeyObject {
  if (text.includes('BEGIN')) return createPublicKey(text)
  return createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
}

/** None where the text is no key: ALTER USER takes any. */
export function tryReadPublicKey(text: string): KeyObject | undefined {
  try {
    return readPublicKey(text)
  } catch {
    return undefined
  }
}

/**
 * Whether the token was signed with the key's other half, for this user and account, and is not over.
 * snowflake-sdk writes `iat` and `exp` in milliseconds, the other drivers in seconds as RFC 7519 has it; both count.
 */
export function isKeyPairTokenValid(token: string, publicKey: KeyObject, claim: KeyPairClaim, nowMs: number): boolean {
  const [header, payload, signature, ...rest] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return false
  if (readJson(header)?.['alg'] !== 'RS256') return false
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url')))
    return false
  const claims = readJson(payload)
  const subject = `${claim.account}.${claim.user}`
  return (
    claims?.['sub'] === subject &&
    claims['iss'] === `${subject}.${keyFingerprint(publicKey)}` &&
    typeof claims['exp'] === 'number' &&
    toMilliseconds(claims['exp']) > nowMs - clockSkewMs &&
    (typeof claims['iat'] !== 'number' || toMilliseconds(claims['iat']) < nowMs + clockSkewMs)
  )
}

/** A time in seconds has fewer than twelve digits until the year 5138. */
function toMilliseconds(time: number): number {
  return time < 1e11 ? time * 1000 : time
}

function readJson(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
