import { connectorSpecificationSchema } from '@eclusa/protocol'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { connectorSpec } from './connector-spec.ts'

const config = z.strictObject({
  host: z.string().meta({ title: 'Host', description: 'Name or address of the server.', examples: ['db.example.com'] }),
  port: z.int().min(1).max(65_535).default(5432),
  password: z.string().min(1).meta({ secret: true }).optional(),
  rowsMax: z.int().nullable().optional().meta({ order: 9 }),
  mode: z.union([z.literal('fast'), z.literal('safe')]).default('safe'),
  size: z.union([z.string(), z.int()]).optional(),
  tunnel: z
    .discriminatedUnion('method', [
      z.strictObject({ method: z.literal('none') }),
      z
        .strictObject({ method: z.literal('key'), key: z.string().meta({ secret: true, multiline: true }) })
        .meta({ title: 'SSH key' }),
    ])
    .optional(),
  schemas: z.array(z.string()).default(['public']),
  options: z.record(z.string(), z.string()).optional(),
})

const specification = connectorSpec({ config, syncModes: ['append'] }, { documentationUrl: 'https://example.com' })

test('gives the schema in the dialect of Airbyte', () => {
  expect(connectorSpecificationSchema.parse(specification)).toEqual({
    documentationUrl: 'https://example.com',
    supported_destination_sync_modes: ['append'],
    connectionSpecification: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      required: ['host'],
      properties: {
        host: {
          type: 'string',
          title: 'Host',
          description: 'Name or address of the server.',
          examples: ['db.example.com'],
          order: 0,
        },
        port: { type: 'integer', minimum: 1, maximum: 65_535, default: 5432, order: 1 },
        password: { type: 'string', minLength: 1, airbyte_secret: true, order: 2 },
        rowsMax: { type: 'integer', order: 9 },
        mode: { type: 'string', enum: ['fast', 'safe'], default: 'safe', order: 4 },
        size: { oneOf: [{ type: 'string' }, { type: 'integer' }], order: 5 },
        tunnel: {
          type: 'object',
          order: 6,
          oneOf: [
            {
              title: 'none',
              type: 'object',
              required: ['method'],
              properties: { method: { type: 'string', const: 'none', order: 0 } },
            },
            {
              title: 'SSH key',
              type: 'object',
              required: ['method', 'key'],
              properties: {
                method: { type: 'string', const: 'key', order: 0 },
                key: { type: 'string', airbyte_secret: true, multiline: true, order: 1 },
              },
            },
          ],
        },
        schemas: { type: 'array', items: { type: 'string' }, default: ['public'], order: 7 },
        options: { type: 'object', additionalProperties: { type: 'string' }, order: 8 },
      },
    },
  })
})

test('is a valid schema of draft 7 that accepts what the connector accepts', () => {
  const ajv = new Ajv({ strict: false })
  const validate = ajv.compile(specification.connectionSpecification)
  for (const input of [
    { host: 'db' },
    { host: 'db', port: 1, password: 'x', mode: 'fast', size: 3, tunnel: { method: 'key', key: 'k' } },
    { host: 'db', tunnel: { method: 'none' }, schemas: [], options: { a: 'b' } },
  ]) {
    expect(config.safeParse(input).success).toBe(true)
    expect(validate(input)).toBe(true)
  }
  for (const input of [
    {},
    { host: 'db', port: 0 },
    { host: 'db', tunnel: { method: 'key' } },
    { host: 'db', mode: 'x' },
  ]) {
    expect(config.safeParse(input).success).toBe(false)
    expect(validate(input)).toBe(false)
  }
})
