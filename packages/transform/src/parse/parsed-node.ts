import type { ConfiguredKind } from '../manifest/config-defaults.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { ManifestNode, ModelNode, SeedNode } from '../manifest/node.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { ParsedTemplate } from './parse-template.ts'

/** A node while it is built; the keys of every kind, since dbt's kinds share most of them. */
export type DraftNode = {
  -readonly [Key in keyof ModelNode]: Key extends 'resource_type' ? ManifestNode['resource_type'] : ModelNode[Key]
} & { root_path?: SeedNode['root_path']; index?: number }

/** A node as its own file describes it, before properties are laid over it. */
export interface ParsedNode {
  readonly kind: Extract<ConfiguredKind, 'model' | 'seed' | 'snapshot' | 'analysis' | 'operation' | 'test'>
  readonly project: PackageProject
  readonly node: DraftNode
  /** What `config(…)` in it says. */
  readonly call: PartialConfig
  readonly parsed: ParsedTemplate | undefined
  /** Its file, as messages name it. */
  readonly label: string
}
