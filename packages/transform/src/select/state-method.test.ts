import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { Graph } from '../manifest/graph.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ProjectNode } from '../manifest/node.ts'
import { selectEntries } from './select-entries.ts'

type Entries = Readonly<Record<string, object>>
type Groups = Readonly<Record<string, Entries>>

interface Case {
  readonly title: string
  /** Entries that are others now, or new, by group. */
  readonly changed: Groups
  readonly gone: readonly string[]
  /** What `state:<value>` finds; a number where so much is found that only that is kept, a text for an error. */
  readonly found: Readonly<Record<string, readonly string[] | number | string>>
}

/** What dbt-core found after one change each; written by interop/state-oracle.py. */
const { before, cases } = JSON.parse(
  await readFile(new URL('../../fixtures/state.golden.json', import.meta.url), 'utf8'),
) as { readonly before: Groups; readonly cases: readonly Case[] }

describe('state:', () => {
  it.each(cases.map((item) => [item.title, item] as const))('sees what dbt sees: %s', (_, item) => {
    const manifest = manifestOf(changed(item))
    const found = Object.fromEntries(
      Object.entries(item.found).map(([value, expected]) => {
        const ids = find(manifest, value)
        return [value, typeof expected === 'number' ? ids.length : ids]
      }),
    )
    expect(found).toEqual(item.found)
  })

  it('warns of a contract that is broken, and refuses it where the model has versions', () => {
    const item = cases.find(({ title }) => title === 'a type of a contract')!
    const warnings: string[] = []
    find(manifestOf(changed(item)), 'modified.contract', (message) => warnings.push(message))
    expect(warnings).toEqual([expect.stringContaining('Column with another data_type: n (bigint -> integer)')])

    const nodes = Object.fromEntries(
      Object.entries({ ...changed(item)['nodes'] }).map(([id, node]) => [id, { ...node, version: 1 }]),
    )
    expect(() => find(manifestOf({ ...changed(item), nodes }), 'modified.contract')).toThrow(
      expect.objectContaining({ code: 'CONTRACT_BROKEN' }),
    )
  })

  it('refuses a value that does not exist', () => {
    expect(() => find(manifestOf(before), 'modified.colour')).toThrow(
      expect.objectContaining({ code: 'SELECTION_INVALID', message: expect.stringContaining('expected one of') }),
    )
  })
})

function changed({ changed: difference, gone }: Case): Groups {
  return Object.fromEntries(
    Object.entries(before).map(([group, entries]) => {
      const all = { ...entries, ...difference[group] }
      return [group, Object.fromEntries(Object.entries(all).filter(([id]) => !gone.includes(id)))]
    }),
  )
}

function manifestOf(groups: Groups): Manifest {
  return { metadata: { project_name: 'selection' }, ...groups } as unknown as Manifest
}

function find(manifest: Manifest, value: string, warn: (message: string) => void = () => undefined): string[] {
  const entries = { ...manifest.sources, ...manifest.nodes, ...manifest.exposures, ...manifest.unit_tests }
  const graph = new Graph(new Map(Object.entries(entries) as unknown as [string, ProjectNode][]))
  return [
    ...selectEntries(manifest, graph, {
      select: [`state:${value}`],
      exclude: [],
      indirectSelection: 'empty',
      includeEmpty: true,
      resourceTypes: ['model', 'snapshot', 'seed', 'test', 'source', 'exposure', 'unit_test'],
      previous: manifestOf(before),
      warn,
    }),
  ]
}
