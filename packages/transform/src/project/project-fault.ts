import { EclusaError } from '@eclusa/sdk'

/** One thing that is wrong in a project's files. `line` and `column` count from 1. */
export interface ProjectFault {
  /** Path within the project. */
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly message: string
}

/** All faults of a project in one error: a person mends them in one go. */
export function projectInvalid(faults: readonly ProjectFault[]): EclusaError {
  const lines = faults.map(formatFault)
  return new EclusaError('PROJECT_INVALID', {
    message:
      lines.length === 1
        ? `The project has a fault: ${lines[0]}`
        : `The project has ${lines.length} faults:\n- ${lines.join('\n- ')}`,
    details: { faults },
  })
}

export function formatFault({ file, line, column, message }: ProjectFault): string {
  const place = line === undefined ? file : `${file}:${line}${column === undefined ? '' : `:${column}`}`
  return `${place}: ${message}`
}
