import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { isRecord } from '../manifest/node-config.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { RunResult } from '../manifest/run-result.ts'

/** What an earlier run left in a folder: each is absent where its file is. */
export interface EarlierArtifacts {
  readonly manifest?: Manifest
  readonly results?: EarlierResults
  /** When each source was loaded last, by unique id; null where that could not be found out. */
  readonly freshness?: ReadonlyMap<string, string | null>
}

export interface EarlierResults {
  readonly results: readonly RunResult[]
  readonly args: Readonly<Record<string, unknown>>
}

/**
 * Reads manifest.json, run_results.json and sources.json of a folder.
 *
 * @throws ARTIFACT_INVALID for a file that is none of dbt's, or of a version that is too old.
 */
export async function readEarlierArtifacts(folder: string): Promise<EarlierArtifacts> {
  const [manifest, results, sources] = await Promise.all([
    readArtifact(folder, 'manifest.json', isManifest),
    readArtifact(folder, 'run_results.json', isResults),
    readArtifact(folder, 'sources.json', isResults),
  ])
  return {
    ...(manifest === undefined ? {} : { manifest: manifest as unknown as Manifest }),
    ...(results === undefined ? {} : { results: results as unknown as EarlierResults }),
    ...(sources === undefined ? {} : { freshness: loadTimes(sources as unknown as EarlierFreshness) }),
  }
}

interface EarlierFreshness {
  readonly results: readonly { readonly unique_id: string; readonly max_loaded_at?: string | null }[]
}

function loadTimes({ results }: EarlierFreshness): ReadonlyMap<string, string | null> {
  return new Map(results.map(({ unique_id: id, max_loaded_at: time }) => [id, time ?? null]))
}

type Content = Readonly<Record<string, unknown>>

async function readArtifact(
  folder: string,
  name: string,
  isValid: (content: Content) => boolean,
): Promise<Content | undefined> {
  const file = path.join(folder, name)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const content = parseJson(text)
  if (!isRecord(content) || !isValid(content)) throw artifactInvalid(file, content)
  return content
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isManifest(content: Content): boolean {
  return (
    ['nodes', 'sources', 'macros', 'exposures'].every((key) => isRecord(content[key])) && schemaVersion(content) >= 12
  )
}

function isResults(content: Content): boolean {
  return Array.isArray(content['results'])
}

function schemaVersion({ metadata }: Content): number {
  const schema = isRecord(metadata) ? String(metadata['dbt_schema_version']) : ''
  return Number(/v(\d+)\.json$/u.exec(schema)?.[1] ?? 0)
}

function artifactInvalid(file: string, content: unknown): EclusaError {
  const version = isRecord(content) ? schemaVersion(content) : 0
  const found = version > 0 ? `is of schema v${version}` : 'is not what its name says'
  return new EclusaError('ARTIFACT_INVALID', {
    message: `${file} ${found}: it cannot be compared with.`,
    remedy:
      'Write it anew with dbt 1.8 or later, or with `parse` of this program, or name another folder with --state.',
  })
}
