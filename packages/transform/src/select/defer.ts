import type { Manifest } from '../manifest/manifest.ts'
import type { DeferRelation, ManifestNode } from '../manifest/node.ts'

/** The relations that another manifest has for the models, seeds and snapshots of this one. */
export function deferralOf(manifest: Manifest, previous: Manifest): ReadonlyMap<string, DeferRelation> {
  const relations = new Map<string, DeferRelation>()
  for (const [id, node] of Object.entries(previous.nodes)) {
    if (isReferable(node) && id in manifest.nodes) {
      const { database, schema, alias, relation_name } = node
      relations.set(id, { database, schema, alias, relation_name })
    }
  }
  return relations
}

function isReferable(node: ManifestNode): boolean {
  const isEphemeral = node.config.materialized === 'ephemeral'
  return ['model', 'seed', 'snapshot'].includes(node.resource_type) && !isEphemeral
}
