import { createHash } from 'node:crypto'
import type { StagedCommit } from './stage-writer.ts'

/**
 * Where in the stage a part of a target's rows stands: the same for the same commit of the same epoch, so that COPY knows
 * a file that it has loaded. Names of pipelines and targets hold anything; paths hold what every storage takes.
 */
export function stagedPath(
  { pipeline, target, part }: { readonly pipeline: string; readonly target: string; readonly part: number },
  { epoch, sequence }: StagedCommit,
): string {
  return `${stagedFolder(pipeline)}${epoch}-${sequence}/${segment(target)}/${part}.parquet`
}

/** What all files of a pipeline begin with. */
export function stagedFolder(pipeline: string): string {
  return `${segment(pipeline)}/`
}

const segmentCharactersMax = 80

/** Two names never share one: the hash tells apart what looks alike, and what differs by case alone. */
function segment(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/gu, '_').slice(0, segmentCharactersMax)
  return `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
}
