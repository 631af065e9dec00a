import { z } from 'zod'
import { jsonObjectSchema } from './json-value.ts'
import { oauth2SpecificationSchema, oauthConfigSpecificationSchema } from './oauth.ts'
import { destinationSyncModeSchema } from './sync-mode.ts'

/** Superseded by `advanced_auth`. */
export const authSpecificationSchema = z.looseObject({
  auth_type: z.enum(['oauth2.0']).nullish(),
  oauth2Specification: oauth2SpecificationSchema.nullish(),
})
export type AuthSpecification = z.infer<typeof authSpecificationSchema>

/** How a platform with a user interface can log in on the user's behalf. The connector works without it. */
export const advancedAuthSchema = z.looseObject({
  auth_flow_type: z.enum(['oauth2.0', 'oauth1.0']).nullish(),
  /** The field of the configuration that must exist, and have `predicate_value`, for this to apply. */
  predicate_key: z.array(z.string()).nullish(),
  predicate_value: z.string().nullish(),
  oauth_config_specification: oauthConfigSpecificationSchema.nullish(),
})
export type AdvancedAuth = z.infer<typeof advancedAuthSchema>

/** The answer to `spec`: what the connector is, and which configuration it takes. */
export const connectorSpecificationSchema = z.looseObject({
  /** JSON Schema (draft 7) of the configuration; `airbyte_secret: true` marks what must never be shown. */
  connectionSpecification: jsonObjectSchema,
  documentationUrl: z.string().nullish(),
  changelogUrl: z.string().nullish(),
  /** Deprecated: the catalog says it for each stream. */
  supportsIncremental: z.boolean().nullish(),
  supportsNormalization: z.boolean().nullish(),
  supportsDBT: z.boolean().nullish(),
  supported_destination_sync_modes: z.array(destinationSyncModeSchema).nullish(),
  authSpecification: authSpecificationSchema.nullish(),
  advanced_auth: advancedAuthSchema.nullish(),
  protocol_version: z.string().nullish(),
})
export type ConnectorSpecification = z.infer<typeof connectorSpecificationSchema>
