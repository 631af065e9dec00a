import type { Target } from '../context/scope.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { PackageProject } from './package-project.ts'

/** Which parts of a relation's name are quoted. */
export interface Quoting {
  readonly database: boolean
  readonly schema: boolean
  readonly identifier: boolean
}

/** The comment that is sent with every statement; a template, rendered for each. */
export interface QueryComment {
  readonly comment: string
  /** Behind the statement rather than before it. Default false. */
  readonly append: boolean
}

/** What dbt_project.yml says of the project as a whole. */
export interface ProjectSettings {
  readonly quoting: Quoting
  /** Undefined: dbt's own comment; null: none. */
  readonly queryComment: QueryComment | null | undefined
  readonly onRunStart: readonly string[]
  readonly onRunEnd: readonly string[]
  /** By namespace, the packages to search. */
  readonly dispatch: ReadonlyMap<string, readonly string[]>
  /** The installed packages, the root project not among them. */
  readonly packages: readonly { readonly name: string; readonly directory: string }[]
  readonly flags: Readonly<Record<string, unknown>>
  readonly cleanTargets: readonly string[]
  readonly packagesPath: string
  readonly logPath: string
}

export function readProjectSettings(
  { file }: PackageProject,
  packages: readonly PackageProject[],
  target: Target,
): ProjectSettings {
  const fallback = target.type !== 'snowflake'
  const { database = fallback, schema = fallback, identifier = fallback } = file.quoting
  return {
    quoting: { database, schema, identifier },
    queryComment: queryCommentOf(file['query-comment']),
    onRunStart: file['on-run-start'],
    onRunEnd: file['on-run-end'],
    dispatch: new Map(file.dispatch.map((entry) => [entry.macro_namespace, entry.search_order])),
    packages: packages.map(({ name, directory }) => ({ name, directory })),
    flags: file.flags,
    cleanTargets: file['clean-targets'] ?? [file['target-path']],
    packagesPath: file['packages-install-path'],
    logPath: file['log-path'],
  }
}

function queryCommentOf(given: unknown): QueryComment | null | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string') return given === '' ? null : { comment: given, append: false }
  if (!isRecord(given)) return null
  const { comment, append } = given
  return typeof comment === 'string' && comment !== '' ? { comment, append: append === true } : null
}
