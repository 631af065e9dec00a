import { z } from 'zod'
import type { ConfigurablePart, ConnectorRegistry } from './connector-registry.ts'
import { projectSchemaOf } from './project-schema.ts'

/** The part of JSON Schema that zod writes for our configuration. */
export interface JsonSchema {
  [keyword: string]: unknown
  type?: string | string[]
  description?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
}

/**
 * The schema of a whole eclusa.yaml with every connector and step of the registry, as validation reads it: secrets
 * are still marked `secret`, and numbers are numbers.
 */
export function projectJsonSchema(registry: ConnectorRegistry): JsonSchema {
  const schema = toJsonSchema(projectSchemaOf(registry))
  const properties = schema.properties!
  properties['source'] = { ...describe(properties['source']!), oneOf: partsOf(registry.sources, connectorSchema) }
  properties['destination'] = {
    ...describe(properties['destination']!),
    oneOf: partsOf(registry.destinations, connectorSchema),
  }
  properties['steps'] = { ...properties['steps'], items: { oneOf: partsOf(registry.steps, stepSchema) } }
  return schema
}

function partsOf(
  parts: Readonly<Record<string, ConfigurablePart>>,
  toSchema: (name: string, part: ConfigurablePart) => JsonSchema,
): JsonSchema[] {
  return Object.entries(parts).map(([name, part]) => toSchema(name, part))
}

function connectorSchema(name: string, part: ConfigurablePart): JsonSchema {
  const schema = toJsonSchema(part.config)
  return {
    ...schema,
    description: part.description,
    properties: { connector: { const: name, description: 'The name of the connector.' }, ...schema.properties },
    required: ['connector', ...(schema.required ?? [])],
  }
}

function stepSchema(name: string, part: ConfigurablePart): JsonSchema {
  return {
    type: 'object',
    description: part.description,
    properties: { [name]: { ...toJsonSchema(part.config), description: part.description } },
    required: [name],
    additionalProperties: false,
  }
}

function describe({ description }: JsonSchema): JsonSchema {
  return description === undefined ? {} : { description }
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest as JsonSchema
}

/** A value that is one whole reference; what the reference yields is checked when the pipeline is opened. */
const referenceSchema: JsonSchema = { type: 'string', pattern: String.raw`^\$\{(env|file):[^}]+\}$` }

/**
 * The schema for editors: everywhere a number, a boolean or a choice is expected a reference will do as well, and a
 * secret must hold one.
 */
export function editorJsonSchema(registry: ConnectorRegistry): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'eclusa.yaml',
    ...(allowReferences(projectJsonSchema(registry)) as JsonSchema),
  }
}

function allowReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowReferences)
  if (typeof node !== 'object' || node === null) return node
  const { secret, path: _, ...schema } = withoutToldDefault(node as JsonSchema)
  if (secret === true) return { ...describe(schema), type: 'string', pattern: String.raw`\$\{(env|file):[^}]+\}` }
  const mapped = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, mapKeyword(key, value)]))
  return isPlainScalar(schema) ? withReference(mapped) : mapped
}

/** Some defaults depend on the machine. The description tells the rule, and what we publish must be the same everywhere. */
function withoutToldDefault(schema: JsonSchema): JsonSchema {
  const { default: _, ...rest } = schema
  return schema.description?.includes('Default:') === true ? rest : schema
}

/** `properties` maps names, which may look like keywords, to schemas. */
function mapKeyword(key: string, value: unknown): unknown {
  if (key === 'properties') {
    return Object.fromEntries(Object.entries(value as object).map(([name, schema]) => [name, allowReferences(schema)]))
  }
  return ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties'].includes(key) ? allowReferences(value) : value
}

/** Free text takes a reference as it is. */
function isPlainScalar({ type, const: fixed, enum: choices, pattern }: JsonSchema): boolean {
  if (fixed !== undefined) return false
  return type === 'number' || type === 'integer' || type === 'boolean' || choices !== undefined || pattern !== undefined
}

function withReference(schema: JsonSchema): JsonSchema {
  const { description, default: fallback, ...rest } = schema
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, referenceSchema],
  }
}
