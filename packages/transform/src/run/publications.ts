import { createHash } from 'node:crypto'
import { EclusaError } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { NodeCommand } from '../command/command-options.ts'
import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { isIdle, isUnitTest } from './run-entry.ts'
import type { RunEntry } from './run-entry.ts'

const suffix = '__audit'
const prefix = 'publish:'

/** A node that is built under another name until its tests have passed. */
export interface AuditedNode {
  readonly node: ManifestNode
  /** The node under the name it is built with. */
  readonly audit: ManifestNode
  /** Unique ids of the tests that decide. */
  readonly tests: readonly string[]
}

interface Candidate extends AuditedNode {
  /** Those that look at the node, and at nothing below it. */
  readonly candidates: readonly string[]
  readonly tests: string[]
}

export interface PublicationsOptions {
  readonly project: LoadedProject
  readonly entries: ReadonlyMap<string, RunEntry>
  readonly command: NodeCommand
  readonly dialect: Dialect
}

/**
 * `publish: after_tests`: which nodes of a run are built aside, and which tests must pass before they are visible.
 *
 * These are the tests that look at the node, but for those that need something built upon it too: they can only run when
 * that is there, which is after the node was published.
 */
export class Publications {
  /** Names of nodes that ask for tests and have none in this run: they are published as they are built. */
  readonly untested: string[] = []
  readonly #audited = new Map<string, Candidate>()

  constructor({ project, entries, command, dialect }: PublicationsOptions) {
    for (const entry of entries.values()) {
      if (isUnitTest(entry) || isIdle(entry) || entry.resource_type === 'test' || command === 'clone') continue
      if (!isPublishedAfterTests(entry)) continue
      const candidates = command === 'build' ? auditTests(project, entries, entry.unique_id) : []
      const audit = auditOf(entry, dialect)
      this.#audited.set(entry.unique_id, { node: entry, audit, candidates, tests: [] })
    }
  }

  /**
   * Lets those tests decide that wait for nothing that waits for the node to be published, be it by way of other tests.
   *
   * @param waitsFor what must have ended before something of the schedule begins, by what was chosen so far
   */
  chooseTests(waitsFor: (id: string) => readonly string[]): void {
    for (const { node, candidates, tests } of this.#audited.values()) {
      const own = `${prefix}${node.unique_id}`
      for (const test of candidates) if (!isBehind(test, own, waitsFor)) tests.push(test)
    }
    for (const [id, { node, tests }] of this.#audited) {
      if (tests.length > 0) continue
      this.untested.push(node.name)
      this.#audited.delete(id)
    }
  }

  get(id: string): AuditedNode | undefined {
    return this.#audited.get(id)
  }

  /** The ids of a schedule with, behind each node that is built aside, the one of its publishing. */
  withPublishing(ids: readonly string[]): string[] {
    return ids.flatMap((id) => (this.#audited.has(id) ? [id, `${prefix}${id}`] : [id]))
  }

  /** The node that an id of the schedule publishes; undefined for all others. */
  publishedBy(id: string): AuditedNode | undefined {
    return id.startsWith(prefix) ? this.#audited.get(id.slice(prefix.length)) : undefined
  }

  /** What must have ended before `reader` reads the node: its building for its own tests, its publishing for all others. */
  gateOf(id: string, reader: string): string {
    const audited = this.#audited.get(id)
    return audited === undefined || audited.tests.includes(reader) ? id : `${prefix}${id}`
  }
}

/** Whether what the test waits for, beside the node itself, comes after the node's publishing. */
function isBehind(test: string, publishing: string, waitsFor: (id: string) => readonly string[]): boolean {
  const open = waitsFor(test).filter((id) => id !== publishing)
  const seen = new Set(open)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === publishing) return true
    for (const next of waitsFor(id)) {
      if (!seen.has(next)) open.push(next)
      seen.add(next)
    }
  }
  return false
}

/** @throws MODEL_FAILED for a value that is none, and for what cannot be built aside. */
function isPublishedAfterTests(node: ManifestNode): boolean {
  const { publish, materialized } = node.config
  if (publish === undefined || publish === null || publish === 'at_once') return false
  if (publish !== 'after_tests') {
    throw publishInvalid(node, `publish is ${JSON.stringify(publish)}: it can be after_tests or at_once`)
  }
  if (['table', 'view', 'incremental', 'seed'].includes(materialized)) return true
  throw publishInvalid(
    node,
    `publish: after_tests is for tables, views, incremental models and seeds, not for ${materialized}`,
  )
}

function publishInvalid({ name, original_file_path: file }: ManifestNode, reason: string): EclusaError {
  return new EclusaError('MODEL_FAILED', {
    message: `${name} (${file}): ${reason}.`,
    remedy: 'Correct the setting `publish` of the node or of its folder in dbt_project.yml.',
  })
}

function auditTests({ graph }: LoadedProject, entries: ReadonlyMap<string, RunEntry>, id: string): string[] {
  const tests = graph.children(id).filter((child) => entries.get(child)?.resource_type === 'test')
  if (tests.length === 0) return tests
  const below = graph.reachable(id, 'children')
  return tests.filter((test) => !graph.parents(test).some((parent) => below.has(parent)))
}

function auditOf(node: ManifestNode, dialect: Dialect): ManifestNode {
  const alias = auditName(node.alias, dialect.identifierBytesMax)
  const { database, schema } = node
  return { ...node, alias, relation_name: dialect.formatRelation({ database, schema, identifier: alias }) }
}

/** A name that is too long is cut, and told from others with the same beginning by a hash. */
function auditName(alias: string, bytesMax: number | undefined): string {
  const name = `${alias}${suffix}`
  if (bytesMax === undefined || Buffer.byteLength(name) <= bytesMax) return name
  const hash = `_${createHash('md5').update(alias).digest('hex').slice(0, 8)}${suffix}`
  let base = alias
  while (Buffer.byteLength(base) + hash.length > bytesMax) base = base.slice(0, -1)
  return `${base}${hash}`
}
