import type { Template } from '../jinja/environment.ts'
import type { NodeConfig } from './node-config.ts'

interface NodeBase {
  /** dbt's: `model.shop.dim_customer`. */
  readonly uniqueId: string
  readonly name: string
  /** Project, folders, name: what configuration and selection go by. */
  readonly fqn: readonly string[]
  /** Path within the project, with forward slashes. */
  readonly path: string
  readonly config: NodeConfig
  /** Unique ids of the nodes that must be there first. */
  readonly dependsOn: readonly string[]
}

/** Where a node's rows are, with every rule for names already applied. */
export interface NodeRelation {
  readonly database: string
  readonly schema: string
  readonly identifier: string
}

export interface ModelNode extends NodeBase {
  readonly resourceType: 'model'
  readonly template: Template
  readonly rawSql: string
  readonly description: string
  readonly relation: NodeRelation
}

export interface SourceNode extends NodeBase {
  readonly resourceType: 'source'
  readonly sourceName: string
  readonly relation: NodeRelation
}

export interface TestNode extends NodeBase {
  readonly resourceType: 'test'
  readonly template: Template
  /** The node that a generic test is about; undefined for a test of its own file. */
  readonly attachedTo?: string
  readonly columnName?: string
  /** Arguments of a generic test, as the template sees them under `_dbt_generic_test_kwargs`. */
  readonly kwargs: Readonly<Record<string, unknown>>
}

export type ProjectNode = ModelNode | SourceNode | TestNode

/** A loaded project: every node parsed, its references resolved. Immutable; any number of runs may share it. */
export interface Project {
  readonly name: string
  readonly directory: string
  readonly targetPath: string
  readonly nodes: ReadonlyMap<string, ProjectNode>
}
