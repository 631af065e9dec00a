import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { redactDeep, redactor } from './redactor.ts'

const text = fc.string({ unit: 'binary', minLength: 4, maxLength: 40 }).filter((value) => value.isWellFormed())

test('replaces a secret in every form it travels in', () => {
  const forms: ((secret: string) => string)[] = [
    (secret) => secret,
    encodeURIComponent,
    (secret) => encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
    (secret) => new URLSearchParams({ '': secret }).toString().slice(1),
    (secret) => JSON.stringify(secret).slice(1, -1),
    (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    (secret) => secret.replaceAll("'", "''"),
    (secret) => secret.replaceAll('\\', '\\\\').replaceAll("'", "\\'"),
    (secret) => Buffer.from(secret).toString('base64'),
    (secret) => Buffer.from(secret).toString('base64url'),
    (secret) => encodeURIComponent(Buffer.from(secret).toString('base64')),
  ]
  fc.assert(
    fc.property(text, fc.constantFrom(...forms), (secret, form) => {
      expect(redactor([secret])(`before <${form(secret)}> after`)).toBe('before <[redacted]> after')
    }),
    { numRuns: 1000 },
  )
})

test('replaces a secret that is part of something in base64', () => {
  fc.assert(
    fc.property(text, fc.string(), fc.string(), (secret, before, after) => {
      const encoded = Buffer.from(`${before}:${secret}${after}`).toString('base64')
      const redacted = redactor([secret])(encoded)
      expect(redacted).toContain('[redacted]')
      // What is left on either side decodes to no more than a fragment of the secret.
      for (const rest of redacted.split('[redacted]')) {
        expect(Buffer.from(rest, 'base64').toString().includes(secret)).toBe(false)
      }
    }),
  )
})

test('replaces the longer of two secrets of which one contains the other', () => {
  expect(redactor(['pass', 'password'])('my password, my pass')).toBe('my [redacted], my [redacted]')
})

test('replaces a very long secret and every line of a key', () => {
  const token = 'abcdefghij'.repeat(500)
  expect(redactor([token])(`<${token}>`).replaceAll('[redacted]', '')).toBe('<>')
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nw0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n'
  const redact = redactor([key])
  expect(redact(`key ${key}`)).toBe('key [redacted]')
  expect(redact(JSON.stringify({ key }))).toBe('{"key":"[redacted]"}')
  expect(redact('unexpected w0BAQEFAASCBKcwggSj in line 3')).toBe('unexpected [redacted] in line 3')
  expect(redact('expected -----BEGIN PRIVATE KEY-----')).toBe('expected -----BEGIN PRIVATE KEY-----')
})

test('replaces a short secret only where it stands alone', () => {
  expect(redactor(['ab'])('ab cab abs "ab" ab=ab')).toBe('[redacted] cab abs "[redacted]" [redacted]=[redacted]')
})

test('replaces secrets that are part of its own mark', () => {
  expect(redactor(['redacted', 'dact'])('dact and redacted')).toBe('[redacted] and [redacted]')
})

test('leaves texts without secrets as they are', () => {
  expect(redactor([])('anything')).toBe('anything')
  expect(redactor([''])('anything')).toBe('anything')
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(redactor(['never-in-here-9f81'])(value)).toBe(value)
    }),
  )
})

test('reaches every string of a value, keys included, and leaves the rest', () => {
  const at = new Date(0)
  expect(redactDeep({ list: ['s3cret', 1n], 's3cret!': null, at }, redactor(['s3cret']))).toEqual({
    list: ['[redacted]', 1n],
    '[redacted]!': null,
    at,
  })
})
