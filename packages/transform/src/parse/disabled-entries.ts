import type { Exposure, Manifest, UnitTest, UnrunEntry } from '../manifest/manifest.ts'
import { keysNotOfSeeds } from '../manifest/node-defaults.ts'
import type { ManifestNode, SourceNode } from '../manifest/node.ts'
import type { DraftNode } from './parsed-node.ts'

export type DisabledEntry = ManifestNode | SourceNode | Exposure | UnitTest | UnrunEntry

/** Keeps aside what is switched off, in the order in which it was come across, as dbt's manifest does. */
export class DisabledEntries {
  readonly entries: DisabledEntry[] = []
  /** The same as they were while they were parsed. */
  readonly drafts: object[] = []

  /** The enabled ones. */
  without<Entry extends { readonly unique_id: string; readonly config: { readonly enabled?: unknown } }>(
    entries: readonly Entry[],
  ): Entry[] {
    for (const entry of entries) {
      if (entry.config.enabled !== false) continue
      const kept = 'root_path' in entry || 'raw_code' in entry ? finished(entry as unknown as DraftNode) : entry
      this.entries.push(kept as unknown as DisabledEntry)
      this.drafts.push(entry)
    }
    return entries.filter((entry) => entry.config.enabled !== false)
  }
}

/** Several may have one id, of which at most one other is enabled. */
export function disabledById(entries: readonly DisabledEntry[]): Manifest['disabled'] {
  const found: Record<string, DisabledEntry[]> = {}
  for (const entry of entries) (found[entry.unique_id] ??= []).push(entry)
  return found
}

/** The node as the manifest has it: a seed without the keys of what has code. */
export function finished(node: DraftNode): ManifestNode {
  if (node.resource_type !== 'seed') return node as unknown as ManifestNode
  const { root_path: rootPath, depends_on: dependsOn, ...rest } = node
  const without = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !(keysNotOfSeeds as readonly string[]).includes(key)),
  )
  return { ...without, root_path: rootPath, depends_on: { macros: dependsOn.macros } } as unknown as ManifestNode
}
