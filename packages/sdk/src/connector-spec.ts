import type { ConnectorSpecification } from '@eclusa/protocol'
import { z } from 'zod'
import type { DestinationDefinition } from './destination.ts'
import type { SourceDefinition } from './source.ts'

/** Addresses for the people who configure the connector. */
export interface ConnectorSpecOptions {
  readonly documentationUrl?: string
  readonly changelogUrl?: string
}

type Definition = Pick<SourceDefinition<z.ZodType>, 'config'> &
  Partial<Pick<DestinationDefinition<z.ZodType>, 'syncModes'>>

/**
 * A connector's answer to Airbyte's `spec`: its configuration schema as JSON Schema draft 7, in the dialect that
 * Airbyte's forms and acceptance tests expect.
 *
 * Fields marked `.meta({ secret: true })` become `airbyte_secret: true`; `title`, `description`, `examples` and other
 * metadata are passed on; `order` is the order of the schema's keys unless the metadata has its own. Alternatives become
 * `oneOf`, each with a title; optional and nullable fields are merely not required. Unknown keys are not forbidden here,
 * as Airbyte demands, although the connector itself refuses them.
 *
 * @see https://docs.airbyte.com/platform/connector-development/connector-specification-reference
 */
export function connectorSpec(definition: Definition, options: ConnectorSpecOptions = {}): ConnectorSpecification {
  const schema = z.toJSONSchema(definition.config, { target: 'draft-7', io: 'input', unrepresentable: 'any' })
  return {
    ...options,
    connectionSpecification: airbyteNode(schema),
    ...(definition.syncModes && { supported_destination_sync_modes: [...definition.syncModes] }),
  }
}

type JsonNode = ConnectorSpecification['connectionSpecification']

function airbyteNode(schema: object): JsonNode {
  const {
    anyOf,
    oneOf,
    properties,
    secret,
    path: _configPath,
    additionalProperties,
    propertyNames: _anyKey,
    items,
    type,
    '~standard': _standard,
    ...rest
  } = schema as z.core.JSONSchema.JSONSchema & { secret?: unknown; path?: unknown }
  return {
    ...withoutSafeIntegerBounds(rest),
    ...(secret === true && { airbyte_secret: true }),
    ...typeNode(type),
    ...(properties && { properties: propertyNodes(properties) }),
    ...(isNode(items) && { items: airbyteNode(items) }),
    ...(isNode(additionalProperties) && { additionalProperties: airbyteNode(additionalProperties) }),
    ...alternativesNode([...(anyOf ?? []), ...(oneOf ?? [])]),
  } as JsonNode
}

function isNode<Value>(value: Value): value is Value & object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** zod states the bounds within which a JavaScript number is exact; in a form they are noise. */
function withoutSafeIntegerBounds(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const { minimum, maximum, ...rest } = schema
  return {
    ...rest,
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
  }
}

/** Airbyte knows no list of types: null is expressed by leaving the field out, other mixtures by alternatives. */
function typeNode(type: unknown): object {
  if (!Array.isArray(type)) return type === undefined ? {} : { type }
  return alternativesNode(type.map((single: z.core.JSONSchema.Schema['type']) => ({ type: single })))
}

function propertyNodes(properties: Record<string, z.core.JSONSchema.JSONSchema | boolean>): JsonNode {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property], order) => [name, { order, ...airbyteNode(Object(property)) }]),
  )
}

function alternativesNode(alternatives: readonly (z.core.JSONSchema.JSONSchema | boolean)[]): object {
  const possible = alternatives.filter(isNode).filter((alternative) => alternative.type !== 'null')
  if (possible.length === 0) return {}
  if (possible.length === 1) return airbyteNode(possible[0]!)
  if (possible.every((alternative) => 'const' in alternative)) return choiceNode(possible)
  const isObject = possible.every((alternative) => alternative.type === 'object')
  return { ...(isObject && { type: 'object' }), oneOf: possible.map(titled) }
}

function choiceNode(literals: readonly z.core.JSONSchema.JSONSchema[]): object {
  const types = new Set(literals.map(({ type }) => type))
  return { ...(types.size === 1 && { type: [...types][0] }), enum: literals.map((literal) => literal.const) }
}

/** A form shows an alternative by its title: its own, else the value that tells it from the others. */
function titled(alternative: z.core.JSONSchema.JSONSchema): JsonNode {
  const constants = Object.values(alternative.properties ?? {}).flatMap((property) =>
    isNode(property) && typeof property.const === 'string' ? [property.const] : [],
  )
  return { ...(constants[0] !== undefined && { title: constants[0] }), ...airbyteNode(alternative) }
}
