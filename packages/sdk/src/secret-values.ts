import { z } from 'zod'
import { alternativesOf, memberSchemas } from './schema-structure.ts'
import type { AnySchema } from './schema-structure.ts'

/** True when the schema, or one that the same value is parsed by, carries `.meta({ secret: true })`. */
export function isSecret(schema: AnySchema): boolean {
  return alternativesOf(schema).some((alternative) => z.globalRegistry.get(alternative)?.['secret'] === true)
}

/**
 * The secret values in a configuration: every text or number below a field marked `.meta({ secret: true })`, and the
 * password within a secret that is a URL. In no particular order, without repeats.
 */
export function secretValues(schema: AnySchema, ...configurations: readonly unknown[]): string[] {
  const found = new Set<string>()
  for (const configuration of configurations) collect([schema], configuration, found)
  return [...found]
}

function collect(schemas: readonly AnySchema[], value: unknown, found: Set<string>): void {
  if (schemas.some(isSecret)) return collectTexts(value, found)
  for (const [key, member] of membersOf(value)) {
    collect(
      schemas.flatMap((schema) => memberSchemas(schema, key)),
      member,
      found,
    )
  }
}

function collectTexts(value: unknown, found: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    if (value === '') return
    found.add(String(value))
    for (const password of urlPasswords(String(value))) found.add(password)
  }
  for (const [, member] of membersOf(value)) collectTexts(member, found)
}

function membersOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return []
  return value instanceof Map ? [...value].map(([key, member]) => [String(key), member]) : Object.entries(value)
}

function urlPasswords(text: string): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.password === '') return []
  try {
    return [url.password, decodeURIComponent(url.password)]
  } catch {
    return [url.password]
  }
}
