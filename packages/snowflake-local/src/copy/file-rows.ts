import type { CopyIntoTableRequest } from './copy-request.ts'
import type { CopyFile } from './stage-files-of.ts'
import { openStageRows } from './stage-rows.ts'
import type { StageRows } from './stage-rows.ts'
import { listedColumns, matchOf } from './target-values.ts'

/** The rows of one file that is to be loaded. */
export async function openFile(request: CopyIntoTableRequest, file: CopyFile): Promise<StageRows> {
  const { connection, context, format, transform } = request
  const isByPlace = transform === undefined && matchOf(request) === 'NONE'
  return await openStageRows({
    connection,
    context,
    format,
    files: [{ path: file.path, name: file.label }],
    ...(isByPlace ? { fieldsExpected: listedColumns(request).length } : {}),
  })
}

/** What the target's values are read from: the rows, or what a transformation makes of them. */
export function relationOf({ transform }: CopyIntoTableRequest, rows: StageRows): string {
  if (transform === undefined) return rows.relation
  return `(SELECT *, CAST(NULL AS VARCHAR) AS fault, CAST(NULL AS BIGINT) AS line FROM (${transform(rows.wideQuery).sql}))`
}
