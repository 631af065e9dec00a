import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EclusaError } from '@eclusa/sdk'
import type { ConfigIssue } from '@eclusa/sdk'
import { checkConfig } from './check-config.ts'
import type { CheckedConfig, ConfigSection } from './check-config.ts'
import { parseConfigText } from './config-text.ts'
import type { ConfigText } from './config-text.ts'
import type { ConnectorRegistry } from './connector-registry.ts'
import { formatFaults } from './fault-report.ts'
import type { LocatedIssue } from './fault-report.ts'
import { projectJsonSchema } from './json-schema.ts'
import { shownPath } from '../shown-path.ts'
import type { Project } from './project-schema.ts'
import { expectationAt } from './schema-walk.ts'

/** Looked for in this order where no file is named. */
export const configFileNames = [
  'eclusa.yaml',
  'eclusa.yml',
  'eclusa.config.ts',
  'eclusa.config.mts',
  'eclusa.config.js',
  'eclusa.config.mjs',
] as const

export interface LoadConfigOptions {
  /** A file, or a folder that holds one of `configFileNames`. Default: the working directory. */
  readonly path: string | undefined
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly registry: ConnectorRegistry
  /** Sections that the command uses: only their references are resolved. */
  readonly sections: readonly ConfigSection[]
  /** Told every secret before anything can be said about the configuration. */
  readonly onSecrets: (secrets: readonly string[]) => void
}

export interface LoadedConfig {
  readonly project: Project
  /** Absolute path of the file; paths in the configuration are relative to its folder. */
  readonly file: string
  readonly directory: string
  /** Names of the environment variables that it takes values from. */
  readonly variables: readonly string[]
}

/**
 * Finds, reads and checks a configuration.
 *
 * @throws CONFIG_NOT_FOUND when there is none.
 * @throws CONFIG_INVALID naming every fault with its place; `details.issues` lists them.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const file = findConfig(options)
  const directory = dirname(file)
  const shownFile = shownPath(options.directory, file)
  const text =
    extname(file) === '.yaml' || extname(file) === '.yml' ? parseConfigText(readFileSync(file, 'utf8')) : undefined
  const value = text === undefined ? await importConfig(file, shownFile) : text.value
  const isUnreadable = text !== undefined && text.value === undefined && text.syntaxIssues.length > 0
  const checked = isUnreadable ? nothingChecked : checkConfig(value, { ...options, directory })
  options.onSecrets(checked.secrets)
  const issues = [
    ...(text?.syntaxIssues ?? []),
    ...checked.issues.map((issue) => locate(issue, text, value, options.registry)),
  ]
  if (checked.project === undefined || issues.length > 0) throw invalid(shownFile, text, issues)
  return { project: checked.project, file, directory, variables: checked.variables }
}

const nothingChecked: CheckedConfig = { project: undefined, issues: [], secrets: [], variables: [] }

function findConfig({ path, directory }: LoadConfigOptions): string {
  const wanted = resolve(directory, path ?? '.')
  if (existsSync(wanted) && !statSync(wanted).isDirectory()) return wanted
  const found = configFileNames.map((name) => join(wanted, name)).find((candidate) => existsSync(candidate))
  if (found !== undefined) return found
  const place = path === undefined ? 'in this folder' : `at ${path}`
  throw new EclusaError('CONFIG_NOT_FOUND', { message: `There is no eclusa.yaml ${place}.`, details: { path: wanted } })
}

const moduleRemedy =
  'The nearest package.json makes it CommonJS: name it eclusa.config.mts, or set "type": "module" in that package.json.'

/** Node strips the types. A fault of the program, or a value that is no plain data, is a fault of the configuration. */
async function importConfig(file: string, shownFile: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    return structuredClone(module.default)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `${shownFile} cannot be loaded: ${reason}`
    const remedy = error instanceof SyntaxError && reason.includes('outside a module') ? { remedy: moduleRemedy } : {}
    throw new EclusaError('CONFIG_INVALID', { message, ...remedy, cause: error })
  }
}

/** A key that nobody knows is at fault itself; of a known key it is the value. */
function locate(
  issue: ConfigIssue,
  text: ConfigText | undefined,
  value: unknown,
  registry: ConnectorRegistry,
): LocatedIssue {
  if (text === undefined) return issue
  const { keys } = expectationAt(projectJsonSchema(registry), value, issue.path.slice(0, -1))
  const isUnknownKey = keys !== undefined && !keys.includes(String(issue.path.at(-1)))
  return { ...issue, position: text.locate(issue.path, isUnknownKey ? 'key' : 'value') }
}

function invalid(file: string, text: ConfigText | undefined, issues: readonly LocatedIssue[]): EclusaError {
  return new EclusaError('CONFIG_INVALID', {
    message: formatFaults({ file, lines: text?.lines ?? [], issues }),
    remedy: 'Correct the values named above. `eclusa schema` prints everything that can be written.',
    details: { file, issues },
  })
}
