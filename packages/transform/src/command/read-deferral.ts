import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import type { LoadedProject } from '../load-project.ts'
import { relationOf } from '../manifest/node.ts'
import type { NodeRelation } from '../manifest/node.ts'
import { deferralOf } from '../select/defer.ts'
import type { Deferral } from '../select/defer.ts'

/**
 * What `--defer` reads elsewhere: nodes that are not there in this target; with `--favor-state` all of them. Undefined
 * without `--defer`.
 *
 * @throws COMMAND_INVALID when no manifest is given to defer to.
 */
export async function readDeferral(
  session: CommandSession,
  project: LoadedProject,
  warehouse: Warehouse,
): Promise<Deferral | undefined> {
  const { defer, favorState } = session.settings.selection
  if (!defer) return undefined
  const { state, deferState } = await session.readState()
  const manifest = (deferState ?? state)?.manifest
  if (manifest === undefined) {
    throw new EclusaError('COMMAND_INVALID', {
      message: '--state or --defer-state are required for deferral, but neither was provided.',
      remedy: 'Name the folder of the manifest to defer to with --state.',
    })
  }
  const deferral = deferralOf(project.manifest, manifest)
  return favorState ? deferral : await withoutExisting(deferral, project, warehouse)
}

async function withoutExisting(deferral: Deferral, project: LoadedProject, warehouse: Warehouse): Promise<Deferral> {
  const { dialect } = project.scope
  const relations = new Map([...deferral.keys()].map((id) => [id, relationOf(project.manifest.nodes[id]!)]))
  const schemas = new Map([...relations.values()].map((relation) => [schemaKey(relation), relation]))
  const existing = new Set<string>()
  await using connection = await warehouse.connect()
  for (const [key, { schema, database }] of schemas) {
    for (const { name } of await dialect.listRelations(connection, schema, database)) {
      existing.add(`${key}.${name.identifier.toLowerCase()}`)
    }
  }
  const isThere = (id: string) => {
    const relation = relations.get(id)!
    return existing.has(`${schemaKey(relation)}.${relation.identifier.toLowerCase()}`)
  }
  return new Map([...deferral].filter(([id]) => !isThere(id)))
}

function schemaKey({ database, schema }: NodeRelation): string {
  return `${database}.${schema}`.toLowerCase()
}
