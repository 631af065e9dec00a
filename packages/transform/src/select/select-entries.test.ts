import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { Graph } from '../manifest/graph.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ProjectNode } from '../manifest/node.ts'
import { selectEntries } from './select-entries.ts'
import type { SelectEntriesOptions } from './select-entries.ts'
import { typesOfCommand } from '../command/resource-types.ts'
import { YamlFile } from '../project/yaml-file.ts'

interface Case extends Partial<Pick<SelectEntriesOptions, 'select' | 'exclude' | 'selector' | 'indirectSelection'>> {
  readonly types?: readonly string[]
  readonly ids: readonly string[]
}

const fixtures = new URL('../../fixtures/', import.meta.url)
/** What dbt-core found; written by interop/selection-oracle.py. */
const golden = JSON.parse(await readFile(new URL('selection.golden.json', fixtures), 'utf8')) as {
  readonly manifest: Manifest
  readonly cases: readonly Case[]
}
const selectorsText = await readFile(new URL('selection/selectors.yml', fixtures), 'utf8')
const { selectors } = new YamlFile('selectors.yml', selectorsText).value as {
  selectors: { name: string; definition: unknown }[]
}
const selectorsByName = new Map(selectors.map((selector) => [selector.name, selector]))

describe('selectEntries', () => {
  it.each(golden.cases.map((item) => [nameOf(item), item] as const))('finds what dbt finds: %s', (_, item) => {
    expect(select(item)).toEqual(item.ids)
  })

  it('says which criterion found nothing', () => {
    const warnings: string[] = []
    select({ select: ['orders', 'tag:absent,orders'], warn: (message) => warnings.push(message) })
    expect(warnings).toEqual(["The selection criterion 'tag:absent,orders' does not match any enabled nodes"])
  })

  it.each([
    ['colour:red', "'colour' is not a valid method name"],
    ['@orders+', 'incompatible'],
    ['test_type:odd', 'invalid test type'],
    ['resource_type:odd', 'invalid resource_type'],
    ['version:odd', 'invalid version type'],
    ['source:a.b.c.d', 'sources are named'],
    ['state:modified', 'there is no manifest to compare with'],
    ['result:error', 'there are no results to compare with'],
    ['source_status:fresher', 'sources.json'],
  ])('refuses %s', (term, reason) => {
    expect(() => select({ select: [term] })).toThrow(
      expect.objectContaining({ code: 'SELECTION_INVALID', message: expect.stringContaining(reason) }),
    )
  })

  it('refuses a selector that does not exist', () => {
    expect(() => select({ selector: 'absent' })).toThrow(expect.objectContaining({ code: 'SELECTION_INVALID' }))
  })

  it('takes the default selector where nothing is selected', () => {
    const usual = new Map([['usual', { name: 'usual', definition: 'orders', default: true }]])
    expect(select({ selectors: usual, resourceTypes: ['model'] })).toEqual(['model.selection.orders'])
    expect(select({ selectors: usual, select: ['report'], resourceTypes: ['model'] })).toEqual([
      'model.selection.report',
    ])
  })

  it('finds the sources that were loaded since', () => {
    const id = (name: string) => `source.selection.raw.${name}`
    const before = new Map([
      [id('orders'), '2026-01-01T00:00:00Z'],
      [id('customers'), '2026-01-01T00:00:00Z'],
    ])
    const now = new Map([
      [id('orders'), '2026-01-02T00:00:00Z'],
      [id('customers'), '2026-01-01T00:00:00Z'],
    ])
    expect(
      select({ select: ['source_status:fresher'], previousFreshness: before, currentFreshness: now }).filter((found) =>
        found.startsWith('source.'),
      ),
    ).toEqual([id('orders')])
  })

  it('finds the results of an earlier run', () => {
    const previousResults = [
      { unique_id: 'model.selection.orders', status: 'error' },
      { unique_id: 'model.selection.report', status: 'success' },
    ]
    expect(select({ select: ['result:error'], previousResults, resourceTypes: ['model'] })).toEqual([
      'model.selection.orders',
    ])
  })
})

function select({ types, ...options }: Partial<SelectEntriesOptions & Case>): string[] {
  const { manifest } = golden
  const entries = { ...manifest.sources, ...manifest.nodes, ...manifest.exposures, ...manifest.unit_tests }
  const graph = new Graph(new Map(Object.entries(entries) as unknown as [string, ProjectNode][]))
  return [
    ...selectEntries(manifest, graph, {
      select: [],
      exclude: [],
      indirectSelection: 'eager',
      includeEmpty: true,
      selectors: selectorsByName,
      resourceTypes: typesOfCommand('ls', {
        resourceTypes: typesOf(types, '--resource-type'),
        excludeResourceTypes: typesOf(types, '--exclude-resource-type'),
      }),
      ...options,
    }),
  ]
}

function typesOf(types: readonly string[] | undefined, flag: string): string[] {
  return (types ?? []).filter((_, index) => types?.[index - 1] === flag)
}

function nameOf(item: Case): string {
  return Object.entries(item)
    .filter(([key]) => key !== 'ids')
    .map(([key, value]) => `${key} ${[value].flat().join(' ')}`)
    .join(', ')
}
