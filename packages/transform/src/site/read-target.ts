import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Catalog } from '../artifact/catalog.ts'
import type { FreshnessResult } from '../artifact/sources.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { RunResultsFile } from './past-runs.ts'

/** The artifacts of a target folder that a site shows; each is absent where its file is, or cannot be read. */
export interface TargetArtifacts {
  readonly manifest?: Manifest
  readonly catalog?: Catalog
  readonly lastRun?: RunResultsFile
  readonly freshness: readonly FreshnessResult[]
}

/** What the last run and the last look at the sources left. */
export async function readLastResults(targetFolder: string): Promise<Pick<TargetArtifacts, 'lastRun' | 'freshness'>> {
  const [lastRun, sources] = await Promise.all([
    readJson<RunResultsFile>(targetFolder, 'run_results.json'),
    readJson<{ readonly results: readonly FreshnessResult[] }>(targetFolder, 'sources.json'),
  ])
  return { ...(lastRun === undefined ? {} : { lastRun }), freshness: sources?.results ?? [] }
}

export async function readTarget(targetFolder: string): Promise<TargetArtifacts> {
  const [manifest, catalog, results] = await Promise.all([
    readJson<Manifest>(targetFolder, 'manifest.json'),
    readJson<Catalog>(targetFolder, 'catalog.json'),
    readLastResults(targetFolder),
  ])
  return {
    ...(manifest === undefined ? {} : { manifest }),
    ...(catalog === undefined ? {} : { catalog }),
    ...results,
  }
}

async function readJson<Content>(folder: string, name: string): Promise<Content | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Content
  } catch {
    return undefined
  }
}
