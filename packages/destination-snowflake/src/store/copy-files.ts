import { EclusaError, streamKey } from '@eclusa/sdk'
import type { StreamName } from '@eclusa/sdk'
import { copiedFilesMax, copyInto, loadedRows } from '../staging/copy-into.ts'
import type { CopyInto } from '../staging/copy-into.ts'
import type { StagedFile } from '../staging/stage-writer.ts'
import type { Query } from './ledger.ts'

/** @throws STAGED_ROWS_MISSING when not every row that was sent has been loaded. */
export async function copyFiles(
  query: Query,
  { files, stream, ...copy }: Omit<CopyInto, 'files'> & { files: readonly StagedFile[]; stream: StreamName },
): Promise<void> {
  for (let first = 0; first < files.length; first += copiedFilesMax) {
    const some = files.slice(first, first + copiedFilesMax)
    const sent = some.reduce((sum, { rows }) => sum + rows, 0)
    const loaded = loadedRows(await query(copyInto({ ...copy, files: some.map(({ path }) => path) })))
    if (loaded === sent) continue
    throw new EclusaError('STAGED_ROWS_MISSING', {
      message: `Of ${sent} rows of stream ${streamKey(stream)} that were staged, ${loaded} were loaded.`,
      details: { stream: streamKey(stream), sent, loaded },
    })
  }
}
