import { InvalidArgumentError } from 'commander'
import { durationSchema } from './config/quantity.ts'

/** A length of time with its unit, in milliseconds. */
export function parseDuration(text: string): number {
  const parsed = durationSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError('Expected a duration such as 500ms, 10s or 5min.')
}
