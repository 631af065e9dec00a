import { EclusaError } from '@eclusa/sdk'
import type { ProjectScope } from '../context/scope.ts'
import type { Environment } from '../jinja/environment.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { ProjectFault } from '../project/project-fault.ts'
import { projectInvalid } from '../project/project-fault.ts'
import { ConfigBuilder } from './config-builder.ts'
import type { DraftNode } from './parsed-node.ts'
import type { TemplateStore } from './template-store.ts'

export interface ParseSessionOptions {
  readonly environment: Environment
  readonly scope: ProjectScope
  readonly templates: TemplateStore
  readonly root: PackageProject
  readonly packages: readonly PackageProject[]
  /** What was given from outside; goes before every other var. */
  readonly vars: Readonly<Record<string, unknown>>
}

/** What all parts of one parse share; nothing of it outlives the parse but the nodes. */
export class ParseSession {
  readonly environment: Environment
  readonly scope: ProjectScope
  readonly templates: TemplateStore
  readonly root: PackageProject
  /** The root project first, then its packages. */
  readonly projects: ReadonlyMap<string, PackageProject>
  readonly configs: ConfigBuilder
  readonly faults: ProjectFault[] = []
  /** What the templates of a node look up, by node. */
  readonly names = new Map<DraftNode, readonly string[]>()
  readonly #vars: Readonly<Record<string, unknown>>
  readonly #scopes = new Map<string, ProjectScope>()

  constructor({ environment, scope, templates, root, packages, vars }: ParseSessionOptions) {
    this.environment = environment
    this.scope = scope
    this.templates = templates
    this.root = root
    this.projects = new Map([root, ...packages].map((project) => [project.name, project]))
    this.configs = new ConfigBuilder(root, this.projects)
    this.#vars = vars
  }

  /** The scope for nodes of a package: they see their own project's vars, behind those of the root project. */
  scopeOf(packageName: string): ProjectScope {
    const known = this.#scopes.get(packageName)
    if (known !== undefined) return known
    const project = this.projects.get(packageName) ?? this.root
    const vars = { ...varsFor(project, packageName), ...varsFor(this.root, packageName), ...this.#vars }
    const scope: ProjectScope = { ...this.scope, vars }
    this.#scopes.set(packageName, scope)
    return scope
  }

  /** The path of a package's file as messages show it: from the root project. */
  label(project: PackageProject, file: string): string {
    return project.isRoot ? file : `${project.label}/${file}`
  }

  noteNames(node: DraftNode, names: readonly string[]): void {
    const known = this.names.get(node)
    this.names.set(node, known === undefined ? names : [...new Set([...known, ...names])])
  }

  /** Collects the faults that `work` throws, so that all files are looked at before anything is said. */
  attempt<Result>(work: () => Result): Result | undefined {
    try {
      return work()
    } catch (error) {
      if (!EclusaError.isInstance(error) || !Array.isArray(error.details['faults'])) throw error
      this.faults.push(...(error.details['faults'] as ProjectFault[]))
      return undefined
    }
  }

  /** @throws PROJECT_INVALID when faults were collected. */
  throwFaults(): void {
    if (this.faults.length > 0) throw projectInvalid(this.faults)
  }
}

/** Project-wide vars, with those under a package's name before them. */
function varsFor({ file: { vars } }: PackageProject, packageName: string): Record<string, unknown> {
  const own = vars[packageName]
  return { ...vars, ...(typeof own === 'object' && own !== null ? own : {}) }
}
