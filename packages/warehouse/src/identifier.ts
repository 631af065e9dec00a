import { EclusaError } from '@eclusa/sdk'

/**
 * Writes a name between double quotes, as DuckDB and PostgreSQL both read it.
 *
 * @throws IDENTIFIER_INVALID when it is empty, holds a NUL character, or is longer than `bytesMax` UTF-8 bytes
 *   (PostgreSQL would cut it silently, so that two names could become one).
 */
export function quoteWithDoubleQuotes(name: string, bytesMax?: number): string {
  if (name === '') throw invalid('An identifier is empty.')
  if (name.includes('\0')) throw invalid(`The identifier ${JSON.stringify(name)} holds a NUL character.`)
  if (bytesMax !== undefined && Buffer.byteLength(name) > bytesMax) {
    throw invalid(`The identifier "${name}" is longer than ${bytesMax} bytes.`)
  }
  return `"${name.replaceAll('"', '""')}"`
}

function invalid(message: string): EclusaError {
  return new EclusaError('IDENTIFIER_INVALID', { message })
}
