import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layoutLineage } from './lineage-layout.ts'

const sizes = { nodeWidth: 100, nodeHeight: 20, layerGap: 50, nodeGap: 10 }

describe('layoutLineage', () => {
  it('puts each node a layer to the right of its parents, and edges around what stands between', () => {
    const { nodes, edges, width } = layoutLineage({
      nodes: [0, 1, 2],
      edges: [
        [0, 1],
        [1, 2],
        [0, 2],
      ],
      ...sizes,
    })
    expect(nodes.map(({ id, x }) => [id, x])).toEqual([
      [0, 0],
      [1, 150],
      [2, 300],
    ])
    expect(width).toBe(400)
    const long = edges.find(({ from, to }) => from === 0 && to === 2)!
    expect(long.points.map(([x]) => x)).toEqual([100, 150, 250, 300])
    const between = nodes.find(({ id }) => id === 1)!
    expect(Math.abs(long.points.at(1)![1] - between.y)).toBeGreaterThanOrEqual(sizes.nodeHeight / 2)
  })

  it('lets no two nodes overlap, and every edge go to the right, in any graph', () => {
    const graph = fc.integer({ min: 1, max: 25 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        pairs: fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 })), { maxLength: 40 }),
      }),
    )
    fc.assert(
      fc.property(graph, ({ count, pairs }) => {
        const edges = pairs.filter(([from, to]) => from < to)
        const layout = layoutLineage({ nodes: Array.from({ length: count }, (_, at) => at), edges, ...sizes })
        expect(layout.nodes.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([...Array(count).keys()])
        for (const [at, a] of layout.nodes.entries()) {
          expect(a.y).toBeGreaterThanOrEqual(sizes.nodeHeight / 2 - 1e-6)
          expect(a.y + sizes.nodeHeight / 2).toBeLessThanOrEqual(layout.height + 1e-6)
          for (const b of layout.nodes.slice(at + 1).filter(({ x }) => x === a.x)) {
            expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(sizes.nodeHeight + sizes.nodeGap - 1e-6)
          }
        }
        for (const { points } of layout.edges) {
          const across = points.map(([x]) => x)
          expect(across).toEqual(across.toSorted((a, b) => a - b))
        }
      }),
    )
  })

  it('draws even what goes in a circle', () => {
    expect(
      layoutLineage({
        nodes: [0, 1],
        edges: [
          [0, 1],
          [1, 0],
        ],
        ...sizes,
      }).nodes,
    ).toHaveLength(2)
  })
})
