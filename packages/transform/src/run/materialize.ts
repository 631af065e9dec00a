import { EclusaError } from '@eclusa/sdk'
import type { AdapterSession } from '../adapter/adapter-session.ts'
import { onNodeWarehouse } from '../adapter/node-warehouse.ts'
import { nodeError } from '../compile/node-error.ts'
import type { Batch, Overrides, RunScope } from '../compile/run-scope.ts'
import { boundMacro } from '../context/macro-library.ts'
import { RelationValue } from '../context/relation-value.ts'
import { MacroValue } from '../jinja/macro.ts'
import { attributeOf, itemOf, typeNameOf } from '../jinja/protocol.ts'
import { asMapping } from '../jinja/mapping.ts'
import { listOf } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { hooksOf } from './node-hooks.ts'
import { loadSeedTable } from './seed-table.ts'
import { StatementResults } from '../compile/statement-results.ts'
import type { StatementResult } from '../compile/statement-results.ts'

export interface Materialization {
  /** A node, or a copy of it with other settings: a unit test's, that of one batch. */
  readonly node: ManifestNode
  readonly compiledCode: string | undefined
  readonly session: AdapterSession
  /** Name of the materialization, where it is not the config's: `test`, `unit`, `clone`. */
  readonly name?: string
  readonly batch?: Batch
  readonly overrides?: Overrides
  readonly extra?: Readonly<Record<string, unknown>>
}

export interface Materialized {
  /** What the statement `main` gave; undefined when none was sent. */
  readonly main: StatementResult | undefined
  readonly relations: readonly RelationValue[]
}

/**
 * Runs the macro of a node's materialization: our own, or one that the project or a package defines. All SQL comes from
 * macros; here is only what dbt's own code does around them.
 */
export async function materialize(run: RunScope, options: Materialization): Promise<Materialized> {
  const { node, compiledCode, session, batch, overrides, extra = {} } = options
  const name = options.name ?? node.config.materialized
  const macro = run.scope.macros.materialization(name)
  if (macro === undefined) throw unknownMaterialization(node, name, run)
  await run.lookForDeferred(session)
  const results = new StatementResults()
  const model: Record<string, unknown> = { ...node, ...(batch === undefined ? {} : { batch }) }
  if (compiledCode !== undefined) Object.assign(model, { compiled: true, compiled_code: compiledCode })
  const context = run.contextOf(node, model, {
    session,
    ...(batch === undefined ? {} : { batch }),
    ...(overrides === undefined ? {} : { overrides }),
    extra: {
      ...results.names(),
      sql: compiledCode ?? null,
      compiled_code: compiledCode ?? null,
      pre_hooks: hooksOf(node, 'pre-hook'),
      post_hooks: hooksOf(node, 'post-hook'),
      render: new NativeFunction(
        'render',
        'string',
        async (text: unknown) => await renderText(run, textOf(text), context),
      ),
      write: new NativeFunction('write', 'payload', (text: unknown) => {
        run.files.write(node, 'run', textOf(text))
        return ''
      }),
      load_agate_table: new NativeFunction('load_agate_table', '', async () => await loadSeedTable(run.project, node)),
      validation: { any: new AnyType() },
      ...extra,
    },
  })
  const bound = boundMacro(context, macro)
  if (!(bound instanceof MacroValue)) throw new EclusaError('INTERNAL', { message: `${macro.uniqueId} is no macro.` })
  const returned = await onNodeWarehouse(run.scope, node, session, () => bound.call())
  const relations = returnedRelations(returned, node)
  for (const relation of relations) if (relation.type !== null) await session.cacheAdded(relation)
  return { main: results.get('main'), relations }
}

async function renderText(run: RunScope, text: string, context: Readonly<Record<string, unknown>>): Promise<string> {
  if (!/\{[{%#]/u.test(text)) return text
  return await run.project.environment.parse(text, '<hook>').renderAsync(context, { signal: run.signal })
}

function returnedRelations(returned: unknown, node: ManifestNode): RelationValue[] {
  const relations = asMapping(returned)?.get('relations')
  if (relations !== undefined && relations !== null) {
    return listOf(relations).filter((relation) => relation instanceof RelationValue)
  }
  throw new EclusaError('MODEL_FAILED', {
    message: nodeError(
      'Compilation',
      node,
      `The materialization "${node.config.materialized}" did not explicitly return a list of relations to add to the cache.`,
    ),
    remedy: `End the block of the materialization with {{ return({'relations': [target_relation]}) }}.`,
  })
}

function unknownMaterialization(node: ManifestNode, name: string, run: RunScope): EclusaError {
  const known = [...run.scope.macros.definitions()]
    .map((macro) => /^materialization_(.+)_[a-z]+$/u.exec(macro.name)?.[1])
    .filter((found) => found !== undefined && !['test', 'unit', 'clone', 'publish', 'audit_copy'].includes(found))
  const { type } = run.scope.target
  const remedy = `Set materialized to one of ${[...new Set(known)].join(', ')} or ephemeral, or define the block {% materialization ${name}, default %}.`
  return new EclusaError('MODEL_FAILED', {
    message: nodeError(
      'Compilation',
      node,
      `No materialization '${name}' was found for adapter ${type}! (searched types 'default' and '${type}')\n${remedy}`,
    ),
    remedy,
  })
}

/** `validation.any[list, basestring]`, which older macros give to `config.get`: every value is allowed. */
class AnyType {
  readonly [typeNameOf] = 'type';

  [itemOf](): null {
    return null
  }

  [attributeOf](): undefined {
    return undefined
  }
}
