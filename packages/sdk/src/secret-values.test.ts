import { expect, test } from 'vitest'
import { z } from 'zod'
import { secretValues } from './secret-values.ts'

const secret = () => z.string().meta({ secret: true })

test('finds secrets at any depth, through wrappers, unions, arrays and records', () => {
  const schema = z.strictObject({
    user: z.string(),
    password: secret().min(3).optional(),
    wrapped: z.string().optional().meta({ secret: true }),
    keys: z.array(secret()),
    headers: z.record(z.string(), secret()),
    auth: z.union([z.strictObject({ token: secret() }), z.strictObject({ name: z.string() })]),
    tunnel: z.strictObject({ key: z.strictObject({ pem: z.string(), phrase: z.string() }).meta({ secret: true }) }),
    pair: z.tuple([z.string(), secret()]),
    trimmed: secret()
      .transform((text) => text.trim())
      .default('unset'),
  })
  const value = {
    user: 'u',
    password: 'p11',
    wrapped: 'p2',
    keys: ['p3', 'p4'],
    headers: { Authorization: 'p5' },
    auth: { token: 'p6' },
    tunnel: { key: { pem: 'p7', phrase: 'p8' } },
    pair: ['open', 'p9'],
    trimmed: ' p10 ',
  }
  expect(secretValues(schema, value, schema.parse(value)).toSorted()).toEqual(
    [' p10 ', 'p10', 'p11', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p9'].toSorted(),
  )
})

test('counts the password within a secret URL as a secret of its own', () => {
  const schema = z.strictObject({ url: secret() })
  expect(secretValues(schema, { url: 'postgres://me:p%40ss@db/sales' })).toEqual([
    'postgres://me:p%40ss@db/sales',
    'p%40ss',
    'p@ss',
  ])
})

test('finds nothing where nothing is marked, and bears any value', () => {
  expect(secretValues(z.strictObject({ user: z.string() }), { user: 'u' })).toEqual([])
  expect(secretValues(z.strictObject({ key: secret() }), undefined, null, 'text', { key: null })).toEqual([])
})
