import { connectorSpec, EclusaError } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { postgresConfigSchema, readerCount, unconstrainedNumericType } from './config.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { replicationSettings } from './replication/replication-settings.ts'
import { postgres } from './source.ts'

const address = { host: 'h', database: 'd', username: 'u' }

function faults(config: object): string[] {
  const parsed = postgresConfigSchema.safeParse(config)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('the configuration', () => {
  it('has defaults for all but the address', () => {
    const config = postgresConfigSchema.parse(address)
    expect(config).toMatchObject({
      cursor_guard: 'xmin',
      chunk_bytes: 67_108_864,
      row_level_security: 'refuse',
      application_name: 'eclusa',
    })
    expect(readerCount(config)).toBeGreaterThanOrEqual(1)
    expect(readerCount(config)).toBeLessThanOrEqual(4)
    expect(readerCount({ ...config, readers: 16 })).toBe(16)
    expect(connectionSettings(config)).toMatchObject({ port: 5432, ssl: { mode: 'prefer' }, connectTimeoutMs: 30_000 })
  })

  it('replicates only when it is told to, with names made of that of the database', () => {
    expect(replicationSettings(postgresConfigSchema.parse(address))).toBeUndefined()
    const parse = (database: string, more = {}) =>
      replicationSettings(
        postgresConfigSchema.parse({ ...address, database, replication_method: { method: 'CDC', ...more } }),
      )
    expect(parse('Shop-EU')).toEqual({
      slot: 'eclusa_shop_eu',
      publication: 'eclusa_shop_eu',
      isManaged: true,
      heartbeatIntervalMs: 10_000,
      flushIntervalMs: 100,
      isFailover: false,
      isStreaming: true,
    })
    expect(parse('d'.repeat(63))?.slot).toHaveLength(63)
    expect(parse('d', { replication_slot: 'mine', publication: 'Ours' })).toMatchObject({
      slot: 'mine',
      publication: 'Ours',
    })
    expect(faults({ ...address, replication_method: { method: 'CDC', replication_slot: 'Mine' } })).toEqual([
      'replication_method.replication_slot: must be up to 63 lower-case letters, digits and underscores',
    ])
  })

  it('takes the address from a connection string, and the rest from keys', () => {
    const config = postgresConfigSchema.parse({
      connection_string: 'postgresql://u@h:1/d',
      password: 'p',
      ssl_mode: 'require',
    })
    expect(connectionSettings(config)).toMatchObject({
      host: 'h',
      port: 1,
      database: 'd',
      username: 'u',
      password: 'p',
      ssl: { mode: 'require' },
    })
    const byString = postgresConfigSchema.parse({ connection_string: 'postgresql://u:p@h/d?sslmode=verify-full' })
    expect(connectionSettings(byString)).toMatchObject({ password: 'p', ssl: { mode: 'verify-full' } })
  })

  it.each([
    [{}, ['host: missing', 'database: missing', 'username: missing']],
    [
      { connection_string: 'postgresql://u@h/d', host: 'h' },
      ['host: contradicts connection_string: give one or the other'],
    ],
    [{ connection_string: 'postgresql://u:p@h/d', password: 'p' }, ['password: is also in connection_string']],
    [
      { connection_string: 'postgresql://u@h/d?sslmode=allow', ssl_mode: 'allow' },
      ['ssl_mode: sslmode is also in connection_string'],
    ],
    [{ connection_string: 'nonsense' }, ['connection_string: must begin with postgresql://']],
    [
      { ...address, ssl_mode: { mode: 'require', client_key: 'k' } },
      ['ssl_mode: client_certificate and client_key belong together'],
    ],
    [{ ...address, queries: { 'a.b': { sql: 'SELECT 1' } } }, [expect.stringContaining('queries.a.b')]],
    [
      { ...address, lookback_interval: 'a while' },
      [expect.stringContaining('lookback_interval: must be like "10 minutes"')],
    ],
    [{ ...address, lookback_interval: `1 day'; DROP TABLE t; --` }, [expect.stringContaining('lookback_interval')]],
    [{ ...address, unconstrained_numeric: 'float64' }, ['unconstrained_numeric: must be text or decimal(p,s)']],
    [{ ...address, readers: 0 }, [expect.stringContaining('readers')]],
  ])('%j has faults', (config, expected) => {
    expect(faults(config)).toEqual(expected)
  })

  it.each(['disable', 'allow', 'prefer'])(
    'refuses a certificate to verify by in mode %s, which verifies nothing',
    (mode) => {
      expect(faults({ ...address, ssl_mode: { mode, ca_certificate: 'c' } })).toEqual([
        expect.stringContaining('has no effect'),
      ])
    },
  )

  it('refuses keys that it does not know, and says which was meant', () => {
    expect(() => postgres({ ...address, shemas: ['a'] } as never)).toThrow(/schemas/u)
    expect(() => postgres({ ...address, ssl_mode: { mode: 'require', ca: 'x' } } as never)).toThrow(EclusaError)
  })

  it('marks what is secret', () => {
    const ssl_mode = {
      mode: 'require',
      client_certificate: 'public',
      client_key: 'k-secret',
      client_key_password: 'kp-secret',
    } as const
    const { secrets } = postgres({ ...address, password: 'p-secret', ssl_mode })
    expect(new Set(secrets)).toEqual(new Set(['p-secret', 'k-secret', 'kp-secret']))
    expect(postgres({ connection_string: 'postgresql://u:in-string@h/d' }).secrets).toContain('in-string')
  })

  it('describes every key, with its default', () => {
    const { properties } = connectorSpec(postgres.definition).connectionSpecification as {
      properties: Record<string, { description?: string }>
    }
    const undescribed = Object.entries(properties).filter(([, { description }]) => description === undefined)
    expect(undescribed).toEqual([])
  })

  it('names the column type of numerics without precision', () => {
    expect(unconstrainedNumericType(postgresConfigSchema.parse(address))).toEqual({ type: 'text' })
    const decimal = postgresConfigSchema.parse({ ...address, unconstrained_numeric: 'decimal(20,5)' })
    expect(unconstrainedNumericType(decimal)).toEqual({ type: 'decimal', precision: 20, scale: 5 })
  })
})
