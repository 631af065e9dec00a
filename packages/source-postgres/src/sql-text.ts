/*
 * The only places where a name or a value becomes SQL text. Names are always quoted, so that case, dots, quotes and
 * words such as "order" need no thought anywhere else.
 */

/** `we"ird` becomes `"we""ird"`. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `"schema"."table"`. */
export function qualifiedName(relation: { readonly schemaName: string; readonly name: string }): string {
  return `${quoteIdentifier(relation.schemaName)}.${quoteIdentifier(relation.name)}`
}

/** A text as a string constant, whatever standard_conforming_strings is: with a backslash in it, it is written E'...'. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}
