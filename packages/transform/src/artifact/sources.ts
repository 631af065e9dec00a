import path from 'node:path'
import type { SourceNode } from '../manifest/node.ts'
import { artifactMetadata } from './artifact-metadata.ts'
import type { ArtifactRun } from './artifact-metadata.ts'
import { writeArtifact } from './write-artifact.ts'
import type { Timing } from '../manifest/run-result.ts'

/** How old a source's rows are, exactly as sources.json (schema v3) writes it. */
export interface FreshnessResult {
  readonly unique_id: string
  /** ISO 8601 with its offset: `2026-01-31T12:00:00.000000+00:00`. */
  readonly max_loaded_at: string
  readonly snapshotted_at: string
  readonly max_loaded_at_time_ago_in_s: number
  readonly status: 'pass' | 'warn' | 'error'
  readonly criteria: NonNullable<SourceNode['freshness']>
  readonly adapter_response: Readonly<Record<string, unknown>>
  readonly timing: readonly Timing[]
  readonly thread_id: string
  /** Seconds. */
  readonly execution_time: number
}

export interface WriteSourcesOptions extends ArtifactRun {
  /** Absolute, with the file's name. */
  readonly file: string
  /** Only sources whose age was found out: dbt's file has no others. */
  readonly results: readonly FreshnessResult[]
  readonly elapsedSeconds: number
}

/** Writes sources.json, schema v3. Returns its path. */
export async function writeSources({ file, results, elapsedSeconds, ...run }: WriteSourcesOptions): Promise<string> {
  return await writeArtifact(path.dirname(file), path.basename(file), {
    metadata: artifactMetadata('sources/v3', run),
    results,
    elapsed_time: elapsedSeconds,
  })
}
