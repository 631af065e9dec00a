import { EclusaError } from '@eclusa/sdk'

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What the file system says of the files that wait to be put, as an error of the catalogue; anything else as it is. */
export function stagingError(directory: string, cause: unknown): unknown {
  if (EclusaError.isInstance(cause) || !(cause instanceof Error) || !('syscall' in cause)) return cause
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  if (fullCodes.has(code)) {
    return new EclusaError('STAGING_DISK_FULL', {
      message: `There is no room left in ${directory}, where files wait to be put into Snowflake's stage: ${cause.message}`,
      details: { directory },
      cause,
    })
  }
  return new EclusaError('STAGING_DIRECTORY_UNUSABLE', {
    message: `The directory ${directory}, where files wait to be put into Snowflake's stage, cannot be used: ${cause.message}`,
    details: { directory },
    cause,
  })
}
