import { z } from 'zod'

/*
 * Parameters that a client is told and that mean something to it alone. Drivers compare numbers and booleans as such, and
 * take the text 'false' for true.
 */

const clientParameters: Readonly<Record<string, string | number | boolean>> = {
  AUTOCOMMIT: true,
  BINARY_OUTPUT_FORMAT: 'HEX',
  CLIENT_PREFETCH_THREADS: 4,
  CLIENT_RESULT_CHUNK_SIZE: 160,
  CLIENT_SESSION_KEEP_ALIVE: false,
  CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY: 3600,
  CLIENT_STAGE_ARRAY_BINDING_THRESHOLD: 65_280,
  CLIENT_TELEMETRY_ENABLED: false,
  CLIENT_TIMESTAMP_TYPE_MAPPING: 'TIMESTAMP_LTZ',
  DATE_OUTPUT_FORMAT: 'YYYY-MM-DD',
  JS_TREAT_INTEGER_AS_BIGINT: false,
  QUERY_CONTEXT_CACHE_SIZE: 5,
  TIME_OUTPUT_FORMAT: 'HH24:MI:SS',
  TIMESTAMP_LTZ_OUTPUT_FORMAT: '',
  TIMESTAMP_NTZ_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF3',
  TIMESTAMP_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM',
  TIMESTAMP_TZ_OUTPUT_FORMAT: '',
  TIMEZONE: 'America/Los_Angeles',
}

/** Parameters as drivers send them. */
export const givenParametersSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).nullish())
  .nullish()

interface NamedParameter {
  readonly name: string
  readonly value: string | number | boolean
}

/** What the drivers get as `parameters`: the session's own over the client's. */
export function tellParameters(ofSession: ReadonlyMap<string, string>): readonly NamedParameter[] {
  const told = new Map<string, string | number | boolean>(Object.entries(clientParameters))
  for (const [name, text] of ofSession) told.set(name, typedValue(text, clientParameters[name]))
  return [...told].map(([name, value]) => ({ name, value }))
}

function typedValue(text: string, like: string | number | boolean | undefined): string | number | boolean {
  if (typeof like === 'number' && /^-?\d+$/.test(text)) return Number(text)
  if (typeof like === 'string') return text
  return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text
}

export type GivenParameters = z.infer<typeof givenParametersSchema>

/** The parameters of a request, as texts by their upper-case names. */
export function readParameters(given: GivenParameters): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value !== null && value !== undefined) parameters.set(name.toUpperCase(), String(value))
  }
  return parameters
}
