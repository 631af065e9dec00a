import path from 'node:path'
import type { LoadedProject } from '../load-project.ts'
import { artifactMetadata } from './artifact-metadata.ts'
import { manifestPieces, manifestText } from './manifest-text.ts'
import { writePieces } from './write-artifact.ts'

/** Writes target/manifest.json, schema v12, as dbt does. Returns its path. */
export async function writeManifest({ manifest, scope, directory, targetPath }: LoadedProject): Promise<string> {
  const run = {
    invocationId: scope.invocationId,
    startedAt: scope.runStartedAt,
    environment: scope.environment,
  }
  const metadata = { ...manifest.metadata, ...artifactMetadata('manifest/v12', run) }
  const file = path.resolve(directory, targetPath, 'manifest.json')
  await writePieces(file, manifestPieces(manifestText(manifest), metadata))
  return file
}
