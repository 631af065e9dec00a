import { EclusaError } from '@eclusa/sdk'
import { quoteWithDoubleQuotes } from '../identifier.ts'

const identifierCharactersMax = 255

/**
 * Writes a name between double quotes. Snowflake folds a name without them to upper case, so that `"orders"` is another
 * table than `orders`, which is `"ORDERS"`.
 *
 * @throws IDENTIFIER_INVALID for an empty name, one with a NUL character, or one of more than 255 characters.
 */
export function quoteSnowflake(name: string): string {
  if (Array.from(name).length > identifierCharactersMax) {
    throw new EclusaError('IDENTIFIER_INVALID', {
      message: `The identifier "${name}" is longer than ${identifierCharactersMax} characters.`,
    })
  }
  return quoteWithDoubleQuotes(name)
}

/** The name that Snowflake takes a name without quotes for. Undefined for what has to be quoted, such as `a b`. */
export function foldedSnowflakeName(name: string): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_$]*$/u.test(name) ? name.toUpperCase() : undefined
}
