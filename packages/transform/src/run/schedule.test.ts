import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Graph } from '../manifest/graph.ts'
import type { ProjectNode } from '../manifest/node.ts'
import { runSchedule } from './scheduler.ts'
import { TestGates } from './test-gates.ts'

/** Models of which each reads some of the earlier ones, and tests that look at one, two or three of them. */
const projects = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .chain((models) =>
    fc.record({
      models: fc.constant(models),
      tests: fc.array(fc.array(fc.nat({ max: models.length - 1 }), { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
    }),
  )
  .map(({ models, tests }) => {
    const reads = models.map((parents, index) => parents.filter(() => index > 0).map((parent) => `m${parent % index}`))
    return new Map([
      ...reads.map((parents, index): [string, string[]] => [`m${index}`, parents]),
      ...tests.map((parents, index): [string, string[]] => [`t${index}`, parents.map((parent) => `m${parent}`)]),
    ])
  })

function graphOf(parents: ReadonlyMap<string, readonly string[]>): Graph {
  const nodes = [...parents].map(([id, ids]): [string, ProjectNode] => [
    id,
    {
      unique_id: id,
      name: id,
      resource_type: 'model',
      depends_on: { macros: [], nodes: ids },
    } as unknown as ProjectNode,
  ])
  return new Graph(new Map(nodes))
}

it('holds a node up for exactly the tests that look at nothing but what it is built upon, and never in a circle', async () => {
  await fc.assert(
    fc.asyncProperty(projects, async (parents) => {
      const graph = graphOf(parents)
      const ids = [...parents.keys()]
      const [tests, models] = [ids.filter((id) => id.startsWith('t')), ids.filter((id) => id.startsWith('m'))]
      const gates = new TestGates({ graph, tests, isBuilt: (id) => id.startsWith('m') })
      const waitsFor = (id: string) => [...graph.parents(id), ...gates.before(id)]
      const ended: string[] = []
      await runSchedule({
        ids,
        concurrency: 2,
        waitsFor,
        run: async (id) => {
          ended.push(id)
          await Promise.resolve()
        },
      })
      expect(ended.toSorted()).toEqual(ids.toSorted())
      const allBefore = (id: string): Set<string> =>
        new Set(waitsFor(id).flatMap((other) => [other, ...allBefore(other)]))
      for (const model of models) {
        const above = graph.reachable(model, 'parents')
        const expected = tests.filter((test) => graph.parents(test).every((id) => above.has(id)))
        expect([...allBefore(model)].filter((id) => id.startsWith('t')).toSorted()).toEqual(expected.toSorted())
      }
    }),
  )
})

it('does not let two models wait for each other’s tests where each test looks at a model of the other side', () => {
  // left -> left_below, right -> right_below; one test compares left with right_below, the other right with left_below.
  const graph = graphOf(
    new Map([
      ['left', []],
      ['right', []],
      ['left_below', ['left']],
      ['right_below', ['right']],
      ['t_left', ['left', 'right_below']],
      ['t_right', ['right', 'left_below']],
    ]),
  )
  const gates = new TestGates({ graph, tests: ['t_left', 't_right'], isBuilt: (id) => !id.startsWith('t_') })
  expect([gates.before('left_below'), gates.before('right_below')]).toEqual([[], []])
})

it('says so when what is scheduled waits in a circle, instead of leaving it out', async () => {
  const schedule = { ids: ['a', 'b'], concurrency: 1, waitsFor: (id: string) => [id === 'a' ? 'b' : 'a'] }
  await expect(runSchedule({ ...schedule, run: () => Promise.resolve() })).rejects.toThrow(/wait for each other: a, b/u)
})

/* dbt-core 1.10.23 was given this project, and began in this order. */
it('begins what was ready first, and of what becomes ready at one moment the first by its id, as dbt does', async () => {
  const parents: Readonly<Record<string, readonly string[]>> = {
    d: [],
    b: ['d'],
    c: [],
    a: ['b', 'c'],
    e: ['c'],
    f: ['d'],
  }
  const began: string[] = []
  await runSchedule({
    ids: ['a', 'f', 'd', 'e', 'c', 'b'],
    concurrency: 1,
    waitsFor: (id) => parents[id] ?? [],
    run: async (id) => {
      began.push(id)
      await Promise.resolve()
    },
  })
  expect(began).toEqual(['c', 'd', 'e', 'b', 'f', 'a'])
})
