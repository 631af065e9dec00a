import { z } from 'zod'
import { jsonObjectSchema } from './json-value.ts'

/** The oldest form, superseded by `advanced_auth`: pointers to the parameters of the flow. */
export const oauth2SpecificationSchema = z.looseObject({
  rootObject: z.array(z.union([z.string(), z.int()])).nullish(),
  oauthFlowInitParameters: z.array(z.array(z.string())).nullish(),
  oauthFlowOutputParameters: z.array(z.array(z.string())).nullish(),
})
export type OAuth2Specification = z.infer<typeof oauth2SpecificationSchema>

/** The flow in declarative form. The texts are templates whose `{{ ... }}` the platform fills in. */
export const oauthConnectorInputSpecificationSchema = z.looseObject({
  consent_url: z.string(),
  access_token_url: z.string(),
  scope: z.string().nullish(),
  access_token_headers: jsonObjectSchema.nullish(),
  access_token_params: jsonObjectSchema.nullish(),
  /** Which keys of the answer go into the configuration. */
  extract_output: z.array(z.string()).nullish(),
  /** How long the random `state` parameter is. */
  state: z.looseObject({ min: z.int().nullish(), max: z.int().nullish() }).nullish(),
  client_id_key: z.string().nullish(),
  client_secret_key: z.string().nullish(),
  scope_key: z.string().nullish(),
  state_key: z.string().nullish(),
  auth_code_key: z.string().nullish(),
  redirect_uri_key: z.string().nullish(),
  token_expiry_key: z.string().nullish(),
})
export type OAuthConnectorInputSpecification = z.infer<typeof oauthConnectorInputSpecificationSchema>

/** The four blobs are JSON Schemas: what goes into the flow, what comes out of it, from the user and from the server. */
export const oauthConfigSpecificationSchema = z.looseObject({
  oauth_user_input_from_connector_config_specification: jsonObjectSchema.nullish(),
  oauth_connector_input_specification: oauthConnectorInputSpecificationSchema.nullish(),
  complete_oauth_output_specification: jsonObjectSchema.nullish(),
  complete_oauth_server_input_specification: jsonObjectSchema.nullish(),
  complete_oauth_server_output_specification: jsonObjectSchema.nullish(),
})
export type OAuthConfigSpecification = z.infer<typeof oauthConfigSpecificationSchema>
