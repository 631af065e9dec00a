import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { EclusaError } from './error.ts'
import { formatConfigIssue, parseConfig } from './parse-config.ts'
import type { ConfigIssue } from './parse-config.ts'

const schema = z.strictObject({
  host: z.string(),
  port: z.int().min(1).max(65_535).default(5432),
  password: z.string().min(4).meta({ secret: true }).optional(),
  mode: z.enum(['require', 'disable']).default('require'),
  auth: z
    .discriminatedUnion('method', [
      z.strictObject({ method: z.literal('key'), key: z.string().meta({ secret: true }) }),
      z.strictObject({ method: z.literal('token'), token: z.string().meta({ secret: true }) }),
    ])
    .optional(),
  streams: z
    .array(z.union([z.string(), z.strictObject({ name: z.string(), cursor: z.string().optional() })]))
    .optional(),
})

function faultsOf(value: unknown): string[] {
  return issuesOf(value).map(formatConfigIssue)
}

function issuesOf(value: unknown): readonly ConfigIssue[] {
  return errorOf(value).details['issues'] as readonly ConfigIssue[]
}

function outcomeOf(value: unknown): string {
  try {
    parseConfig(schema, value, 'configuration')
    return 'accepted'
  } catch (error) {
    return EclusaError.isInstance(error) ? error.code : String(error)
  }
}

function errorOf(value: unknown): EclusaError {
  try {
    parseConfig(schema, value, 'configuration of source toy')
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

test('gives the parsed configuration with its defaults', () => {
  expect(parseConfig(schema, { host: 'db' }, 'configuration')).toEqual({ host: 'db', port: 5432, mode: 'require' })
})

test('reports all faults in one error', () => {
  const error = errorOf({ prot: 1, mode: 'requir', port: 'x' })
  expect(error.code).toBe('CONFIG_INVALID')
  expect(error.message).toBe(
    [
      'The configuration of source toy has 4 faults:',
      '  host: missing',
      '  port: expected number, received string',
      '  mode: must be one of "require", "disable"; did you mean "require"?',
      '  prot: unknown key',
    ].join('\n'),
  )
})

test('suggests the known key that is not used yet', () => {
  expect(faultsOf({ host: 'db', prot: 1 })).toEqual(['prot: unknown key; did you mean "port"?'])
  expect(faultsOf({ host: 'db', port: 1, prot: 1 })).toEqual(['prot: unknown key'])
  expect(issuesOf({ host: 'db', prot: 1 })).toEqual([{ path: ['prot'], message: 'unknown key', suggestion: 'port' }])
})

test('names the permitted values of a discriminator', () => {
  expect(faultsOf({ host: 'db', auth: { method: 'tokn', token: 'x' } })).toEqual([
    'auth.method: must be one of "key", "token"; did you mean "token"?',
  ])
  expect(faultsOf({ host: 'db', auth: {} })).toEqual(['auth.method: missing; must be one of "key", "token"'])
})

test('explains a union by the alternative that was meant', () => {
  expect(faultsOf({ host: 'db', streams: ['a', { nam: 'b' }] })).toEqual([
    'streams[1].name: missing',
    'streams[1].nam: unknown key; did you mean "name"?',
  ])
  expect(faultsOf({ host: 'db', streams: [7] })).toEqual(['streams[0]: expected string or object'])
})

test('refuses a value that is no object at all', () => {
  expect(faultsOf('text')).toEqual(['expected object, received string'])
})

test('never prints a secret', () => {
  const echoing = z.strictObject({
    password: z
      .string()
      .meta({ secret: true })
      .refine(() => false, { error: (issue) => `bad password ${String(issue.input)}` }),
    mode: z.enum(['abcdef-1', 'other']).meta({ secret: true }),
  })
  expect(() => parseConfig(echoing, { password: 'hunter22', mode: 'abcdef-2' }, 'configuration')).toThrow(
    expect.objectContaining({
      message: [
        'The configuration has 2 faults:',
        '  password: bad password [redacted]',
        '  mode: must be one of "abcdef-1", "other"',
      ].join('\n'),
    }),
  )
})

test('gives the value or CONFIG_INVALID, whatever the input', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.object({ key: fc.constantFrom('host', 'port', 'auth', 'streams', 'x') }), fc.anything()),
      (value) => {
        expect(['accepted', 'CONFIG_INVALID']).toContain(outcomeOf(value))
      },
    ),
  )
})
