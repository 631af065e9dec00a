import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConnectionString } from './connection-string.ts'

describe('a connection string', () => {
  it.each([
    [
      'postgresql://u@h/d',
      { host: 'h', port: undefined, database: 'd', username: 'u', password: undefined, sslMode: undefined },
    ],
    [
      'postgres://u:p@h:6543/d?sslmode=require',
      { host: 'h', port: 6543, database: 'd', username: 'u', password: 'p', sslMode: 'require' },
    ],
    ['postgresql://u:p%40%2F%3A@[::1]:5432/my%20db', { host: '::1', database: 'my db', password: 'p@/:' }],
    ['postgresql://u@%2Ftmp/d', { host: '/tmp' }],
  ])('%s is read', (text, expected) => {
    expect(parseConnectionString(text)).toMatchObject(expected)
  })

  it.each([
    ['mysql://u@h/d', /begin with postgresql/u],
    ['host=h dbname=d', /begin with postgresql/u],
    ['postgresql://u:p@h:port/d', /not a URL/u],
    ['postgresql://u:100%@h/d', /%25/u],
    ['postgresql://h/d', /name a role/u],
    ['postgresql://u@h', /name a database/u],
    ['postgresql:///d', /one host/u],
    ['postgresql://u@h/d?host=/tmp', /parameter "host"/u],
    ['postgresql://u@h1,h2/d', /one host/u],
    ['postgresql://u@h/d?sslmode=yes', /one of disable, allow/u],
    ['postgresql://u@h/d?sslrootcert=/ca.pem', /parameter "sslrootcert"/u],
  ])('%s is refused', (text, fault) => {
    expect(parseConnectionString(text)).toMatchObject({ fault: expect.stringMatching(fault) })
  })

  it('may hold anything in names and passwords', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(part, part, part, (username, password, database) => {
        const text = `postgresql://${encodeURIComponent(username)}:${encodeURIComponent(password)}@h/${encodeURIComponent(database)}`
        expect(parseConnectionString(text)).toMatchObject({ username, password, database })
      }),
    )
  })

  it('is never repeated in a fault', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseConnectionString(`postgresql://u:geheim${text}`)
        expect('fault' in parsed ? parsed.fault : '').not.toContain('geheim')
      }),
    )
  })
})
