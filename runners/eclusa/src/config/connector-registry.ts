import type { z } from 'zod'

/** What configuration needs to know of everything that can be named in it, by the name that it has there. */
export interface ConnectorRegistry {
  readonly sources: Readonly<Record<string, ConfigurablePart>>
  readonly destinations: Readonly<Record<string, ConfigurablePart>>
  readonly steps: Readonly<Record<string, ConfigurablePart>>
}

export interface ConfigurablePart {
  /** Strict zod object; secrets carry `.meta({ secret: true })`, paths of files `.meta({ path: true })`. */
  readonly config: z.ZodType
  /** One sentence for editors and the reference. */
  readonly description: string
}
