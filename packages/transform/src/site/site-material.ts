import type { Catalog } from '../artifact/catalog.ts'
import type { FreshnessResult } from '../artifact/sources.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { PastRun } from './past-runs.ts'

/** What a site is made of: the artifacts of a project, and the runs that earlier sites knew. */
export interface SiteMaterial {
  readonly manifest: Manifest
  readonly catalog: Catalog
  /** Newest first, the last one included. */
  readonly runs: readonly PastRun[]
  readonly freshness: readonly FreshnessResult[]
  /** README.md of the project: the overview where no docs block `__overview__` is. */
  readonly readme?: string
  /** ISO 8601. */
  readonly generatedAt: string
}
