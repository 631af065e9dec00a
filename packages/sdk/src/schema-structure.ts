import type { z } from 'zod'

/*
 * Looking into zod schemas: where the secrets are, which keys an object knows, whether unknown keys are refused.
 * Only `def` of zod's core is read, so schemas of another copy of zod 4 work too.
 */

/** Any zod 4 schema, of whichever copy or flavour (classic, mini) of zod. */
export type AnySchema = z.core.$ZodType

type Definition = z.core.$ZodTypes['_zod']['def']

function definitionOf(schema: AnySchema): Definition {
  return (schema as z.core.$ZodTypes)._zod.def
}

/** What a schema is made of: schemas of the same value, and schemas of its members. */
interface Parts {
  /** Schemas that the same value is parsed by: inside optional, default, pipe, or as an alternative of a union. */
  readonly same: readonly AnySchema[]
  /** Named members of an object. */
  readonly members: Readonly<Record<string, AnySchema>>
  /** The schema of every member that is not named: array elements, record values, extra keys of a loose object. */
  readonly others: readonly AnySchema[]
}

const nothing: Parts = { same: [], members: {}, others: [] }

function partsOf(schema: AnySchema): Parts {
  const definition = definitionOf(schema)
  switch (definition.type) {
    case 'object':
      return { ...nothing, members: definition.shape, others: definition.catchall ? [definition.catchall] : [] }
    case 'array':
      return { ...nothing, others: [definition.element] }
    case 'tuple':
      return {
        ...nothing,
        members: Object.fromEntries(definition.items.entries()),
        others: definition.rest ? [definition.rest] : [],
      }
    case 'record':
    case 'map':
    case 'set':
      return { ...nothing, others: [definition.valueType] }
    case 'union':
      return { ...nothing, same: definition.options }
    case 'intersection':
      return { ...nothing, same: [definition.left, definition.right] }
    case 'pipe':
      return { ...nothing, same: [definition.in, definition.out] }
    case 'lazy':
      return { ...nothing, same: [definition.getter()] }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
    case 'success':
    case 'promise':
      return { ...nothing, same: [definition.innerType] }
    default:
      return nothing
  }
}

/** The schema itself and every schema that the same value is parsed by. */
export function alternativesOf(schema: AnySchema): AnySchema[] {
  return [schema, ...partsOf(schema).same.flatMap(alternativesOf)]
}

/** The schemas that the member `key` of a value is parsed by; more than one below a union. */
export function memberSchemas(schema: AnySchema, key: string | number): AnySchema[] {
  return alternativesOf(schema).flatMap((alternative) => {
    const { members, others } = partsOf(alternative)
    return Object.hasOwn(members, key) ? [members[key]!] : others
  })
}

/** The schemas at a path from the root. */
export function schemasAt(schema: AnySchema, path: readonly PropertyKey[]): AnySchema[] {
  let schemas = [schema]
  for (const key of path) {
    schemas = schemas.flatMap((parent) => memberSchemas(parent, typeof key === 'symbol' ? String(key) : key))
  }
  return schemas
}

/** The keys that an object schema names, over all alternatives of a union. */
export function knownKeys(schema: AnySchema): string[] {
  return [...new Set(alternativesOf(schema).flatMap((alternative) => Object.keys(partsOf(alternative).members)))]
}

/** Paths of objects that would drop unknown keys silently: neither strict nor loose. */
export function unguardedObjects(schema: AnySchema): string[] {
  const found: string[] = []
  const visited = new Set<AnySchema>()
  const visit = (current: AnySchema, path: string) => {
    if (visited.has(current)) return
    visited.add(current)
    const definition = definitionOf(current)
    if (definition.type === 'object' && definition.catchall === undefined) found.push(path === '' ? 'config' : path)
    const { same, members, others } = partsOf(current)
    for (const part of same) visit(part, path)
    for (const [key, member] of Object.entries(members)) visit(member, path === '' ? key : `${path}.${key}`)
    for (const other of others) visit(other, `${path}[]`)
  }
  visit(schema, '')
  return found
}
