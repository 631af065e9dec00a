import { createSign, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isKeyPairTokenValid, keyFingerprint, readPublicKey } from './key-pair-token.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const claim = { account: 'LOCAL', user: 'ME' }
const nowMs = Date.UTC(2026, 0, 1)

function sign(claims: object, { alg = 'RS256' } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part({ alg, typ: 'JWT' })}.${part({ ...valid, ...claims })}`
  return `${content}.${createSign('sha256').update(content).sign(privateKey).toString('base64url')}`
}

const valid = {
  iss: `LOCAL.ME.${keyFingerprint(publicKey)}`,
  sub: 'LOCAL.ME',
  iat: nowMs / 1000,
  exp: nowMs / 1000 + 120,
}

describe('isKeyPairTokenValid', () => {
  it('takes times in seconds, and in milliseconds as snowflake-sdk writes them', () => {
    expect(isKeyPairTokenValid(sign({}), publicKey, claim, nowMs)).toBe(true)
    expect(isKeyPairTokenValid(sign({ iat: nowMs, exp: nowMs + 120_000 }), publicKey, claim, nowMs)).toBe(true)
  })

  it.each([
    ['is over', { exp: nowMs / 1000 - 3600 }],
    ['is over, in milliseconds', { exp: nowMs - 3_600_000 }],
    ['has no end', { exp: undefined }],
    ['is from the future', { iat: nowMs / 1000 + 3600 }],
    ['is another user’s', { sub: 'LOCAL.YOU' }],
    ['is another account’s', { sub: 'OTHER.ME' }],
    ['names another key', { iss: 'LOCAL.ME.SHA256:x' }],
  ])('refuses a token that %s', (_, claims) => {
    expect(isKeyPairTokenValid(sign(claims), publicKey, claim, nowMs)).toBe(false)
  })

  it('refuses what is not signed by the key, or not at all', () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect(isKeyPairTokenValid(sign({}), other, claim, nowMs)).toBe(false)
    expect(isKeyPairTokenValid(sign({}, { alg: 'none' }), publicKey, claim, nowMs)).toBe(false)
    for (const token of ['', 'a', 'a.b', 'a.b.c', 'a.b.c.d', sign({}).replace(/\.[^.]*$/, '.')]) {
      expect(isKeyPairTokenValid(token, publicKey, claim, nowMs)).toBe(false)
    }
  })

  it('reads keys as PEM and as their base64 alone', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const base64 = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    expect(keyFingerprint(readPublicKey(String(pem)))).toBe(keyFingerprint(publicKey))
    expect(keyFingerprint(readPublicKey(base64))).toBe(keyFingerprint(publicKey))
  })
})
