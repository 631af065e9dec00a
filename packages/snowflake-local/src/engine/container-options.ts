import type { Database, Schema } from '../catalog/catalog-object.ts'
import { optionText } from '../parse/ast-option.ts'
import type { Options } from '../parse/ast-option.ts'

/** Sets of a database or schema what the options name. */
export function setOnContainer(container: Database | Schema, options: Options): void {
  container.comment = optionText(options.get('COMMENT')) ?? container.comment
  const days = optionText(options.get('DATA_RETENTION_TIME_IN_DAYS'))
  if (days !== undefined) container.retentionDays = Number(days)
}
