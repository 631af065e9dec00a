/*
 * A layered drawing: each node stands one layer to the right of the furthest of its parents. An edge over several layers
 * gets a bend in each, which takes part in the ordering, so that edges go between nodes and not through them. Layers are
 * ordered by sweeps of barycentres; then every node is drawn towards the middle of its neighbours.
 */

export interface LayoutNode {
  readonly id: number
  readonly x: number
  /** Of its middle. */
  readonly y: number
}

export interface LayoutEdge {
  readonly from: number
  readonly to: number
  /** From the right side of `from` by its bends to the left side of `to`. */
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface LineageLayout {
  readonly nodes: readonly LayoutNode[]
  readonly edges: readonly LayoutEdge[]
  readonly width: number
  readonly height: number
}

export interface LayoutOptions {
  readonly nodes: readonly number[]
  /** From parent to child; both are among the nodes. */
  readonly edges: readonly (readonly [from: number, to: number])[]
  readonly nodeWidth: number
  readonly nodeHeight: number
  readonly layerGap: number
  readonly nodeGap: number
}

/** A node or a bend. */
interface Slot {
  readonly id?: number
  readonly layer: number
  readonly height: number
  readonly before: Slot[]
  readonly after: Slot[]
  /** Position in its layer. */
  order: number
  y: number
}

const orderSweeps = 8
const placeSweeps = 6
/** Beyond it, edges are drawn straight: ordering hundreds of thousands of bends takes longer than anybody waits. */
const bendsMax = 20_000

export function layoutLineage(options: LayoutOptions): LineageLayout {
  const { nodeWidth, nodeHeight, layerGap, nodeGap } = options
  const connected = new Set(options.edges.flat())
  const layers = layersOf({ ...options, nodes: options.nodes.filter((id) => connected.has(id)) })
  const slots = new Map([...layers].map(([id, layer]) => [id, createSlot(layer, nodeHeight, id)]))
  const chains = chainsOf(options, slots)
  const columns = columnsOf([...slots.values(), ...chains.flatMap(({ bends }) => bends)])
  orderColumns(columns)
  placeColumns(columns, nodeGap)
  const left = (layer: number) => layer * (nodeWidth + layerGap)
  const drawn = [...slots].map(([id, { layer, y }]): LayoutNode => ({ id, x: left(layer), y }))
  const below = drawn.length === 0 ? 0 : bottomOf(columns) + 2 * nodeGap
  const lone = options.nodes.filter((id) => !connected.has(id))
  const across = Math.max(columns.length, Math.ceil(Math.sqrt(lone.length / loneRowsPerColumn)), 1)
  const place = (at: number): Pick<LayoutNode, 'x' | 'y'> => ({
    x: left(at % across),
    y: below + Math.floor(at / across) * (nodeHeight + nodeGap) + nodeHeight / 2,
  })
  const nodes = [...drawn, ...lone.map((id, at): LayoutNode => ({ id, ...place(at) }))]
  return {
    nodes,
    edges: chains.map((chain) => edgeOf(chain, slots, { left, nodeWidth })),
    width: nodes.reduce((width, { x }) => Math.max(width, x + nodeWidth), 0),
    height: nodes.reduce((height, { y }) => Math.max(height, y + nodeHeight / 2), 0),
  }
}

/** Nodes without any edge stand below, in rows: a box of nodes is wide and low. */
const loneRowsPerColumn = 4

function edgeOf(
  { from, to, bends }: Chain,
  slots: ReadonlyMap<number, Slot>,
  { left, nodeWidth }: { readonly left: (layer: number) => number; readonly nodeWidth: number },
): LayoutEdge {
  const [start, end] = [slots.get(from)!, slots.get(to)!]
  const through = bends.flatMap(({ layer, y }): [number, number][] => [
    [left(layer), y],
    [left(layer) + nodeWidth, y],
  ])
  return { from, to, points: [[left(start.layer) + nodeWidth, start.y], ...through, [left(end.layer), end.y]] }
}

function createSlot(layer: number, height: number, id?: number): Slot {
  return { ...(id === undefined ? {} : { id }), layer, height, before: [], after: [], order: 0, y: 0 }
}

/** 0 without parents, else one more than the highest of them; what has no parents then moves up to its children. */
function layersOf({ nodes, edges }: LayoutOptions): Map<number, number> {
  const parents = new Map<number, number[]>(nodes.map((id) => [id, []]))
  const children = new Map<number, number[]>(nodes.map((id) => [id, []]))
  for (const [from, to] of edges) {
    parents.get(to)!.push(from)
    children.get(from)!.push(to)
  }
  const layers = new Map<number, number>()
  const waiting = new Map(nodes.map((id) => [id, parents.get(id)!.length]))
  const ready = nodes.filter((id) => waiting.get(id) === 0)
  for (let at = 0; at < ready.length; at += 1) {
    const id = ready[at]!
    layers.set(id, Math.max(-1, ...parents.get(id)!.map((parent) => layers.get(parent)!)) + 1)
    for (const child of children.get(id)!) {
      const left = waiting.get(child)! - 1
      waiting.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  // A circle has no layers; dbt refuses one, but nobody should wait for a drawing of it for ever.
  for (const id of nodes) if (!layers.has(id)) layers.set(id, 0)
  for (const id of ready) {
    const below = children.get(id)!
    if (parents.get(id)!.length > 0 || below.length === 0) continue
    layers.set(id, Math.max(0, Math.min(...below.map((child) => layers.get(child)!)) - 1))
  }
  return layers
}

interface Chain {
  readonly from: number
  readonly to: number
  readonly bends: readonly Slot[]
}

function chainsOf({ edges }: LayoutOptions, slots: ReadonlyMap<number, Slot>): Chain[] {
  const span = ([from, to]: readonly [number, number]) => slots.get(to)!.layer - slots.get(from)!.layer
  const bendCount = edges.reduce((sum, edge) => sum + Math.max(0, span(edge) - 1), 0)
  return edges.map((edge) => {
    const [from, to] = edge
    const [start, end] = [slots.get(from)!, slots.get(to)!]
    const between = bendCount > bendsMax ? 0 : Math.max(0, end.layer - start.layer - 1)
    const bends = Array.from({ length: between }, (_, at) => createSlot(start.layer + 1 + at, 0))
    for (const [at, slot] of [...bends, end].entries()) {
      const before = bends[at - 1] ?? start
      before.after.push(slot)
      slot.before.push(before)
    }
    return { from, to, bends }
  })
}

function columnsOf(slots: readonly Slot[]): Slot[][] {
  const columns: Slot[][] = []
  for (const slot of slots) (columns[slot.layer] ??= []).push(slot)
  const filled = Array.from(columns, (column) => column ?? [])
  for (const column of filled) renumber(column)
  return filled
}

function renumber(column: readonly Slot[]): void {
  for (const [order, slot] of column.entries()) slot.order = order
}

function orderColumns(columns: readonly Slot[][]): void {
  for (let sweep = 0; sweep < orderSweeps; sweep += 1) {
    const isForward = sweep % 2 === 0
    for (const column of isForward ? columns : columns.toReversed()) {
      const keys = new Map(
        column.map((slot) => [slot, mean(isForward ? slot.before : slot.after, ({ order }) => order) ?? slot.order]),
      )
      column.sort((a, b) => keys.get(a)! - keys.get(b)! || a.order - b.order)
      renumber(column)
    }
  }
}

function placeColumns(columns: readonly Slot[][], gap: number): void {
  for (const column of columns) settle(column, gap)
  for (let sweep = 0; sweep < placeSweeps; sweep += 1) {
    const isForward = sweep % 2 === 0
    for (const column of isForward ? columns : columns.toReversed()) {
      for (const slot of column) {
        slot.y = mean(isForward ? slot.before : slot.after, ({ y }) => y) ?? slot.y
      }
      settle(column, gap)
    }
  }
  const slots = columns.flat()
  const top = slots.reduce((least, { y, height }) => Math.min(least, y - height / 2), Infinity)
  for (const slot of slots) slot.y -= top
}

/**
 * Pushes slots apart until none overlaps, in their order: those that touch move as one block, which stands at the mean of
 * where its members want to be.
 */
function settle(column: readonly Slot[], gap: number): void {
  interface Block {
    readonly slots: Slot[]
    /** Sum over the members of wanted place less distance from the first. */
    sum: number
    length: number
  }
  const step = (above: Slot, below: Slot) => (above.height + below.height) / 2 + gap
  const top = ({ sum, slots }: Block) => sum / slots.length
  const blocks: Block[] = []
  for (const slot of column) {
    let block: Block = { slots: [slot], sum: slot.y, length: 0 }
    for (let above = blocks.at(-1); above !== undefined; above = blocks.at(-1)) {
      const distance = above.length + step(above.slots.at(-1)!, block.slots[0]!)
      if (top(above) + distance <= top(block)) break
      blocks.pop()
      above.sum += block.sum - distance * block.slots.length
      above.length = distance + block.length
      above.slots.push(...block.slots)
      block = above
    }
    blocks.push(block)
  }
  for (const block of blocks) {
    let y = top(block)
    for (const [at, slot] of block.slots.entries()) {
      if (at > 0) y += step(block.slots[at - 1]!, slot)
      slot.y = y
    }
  }
}

function bottomOf(columns: readonly (readonly Slot[])[]): number {
  return columns.flat().reduce((bottom, { y, height }) => Math.max(bottom, y + height / 2), 0)
}

function mean(slots: readonly Slot[], value: (slot: Slot) => number): number | undefined {
  if (slots.length === 0) return undefined
  return slots.reduce((sum, slot) => sum + value(slot), 0) / slots.length
}
