import { layoutLineage } from '../src/site-view/lineage-layout.ts'
import type { LayoutEdge, LayoutNode, LineageLayout } from '../src/site-view/lineage-layout.ts'
import { kindOf } from '../src/site-view/site-data.ts'
import { create, createSvg } from './dom.ts'
import { kindLabel, statusTone } from './labels.ts'
import { entryAddress } from './links.ts'
import type { SiteStore } from './site-store.ts'

const nodeHeight = 30
const layerGap = 56
const nodeGap = 12
const margin = 16
const scaleMin = 0.02
const scaleMax = 2.5
/** Below it names cannot be read. */
const readableScale = 0.55
const beginningScale = 0.7
/** Of a name of a node, in letters: names of a project begin alike, so that their ends must be seen too. */
const nameLengthMin = 16
const nameLengthMax = 32
const letterWidth = 6.7
/** What a node has besides its name. */
const nodePadding = 34

export interface LineageViewOptions {
  /** Entries that are drawn. */
  readonly shown: ReadonlySet<number>
  /** The one that it is about. */
  readonly focus?: number | undefined
  /** Whether the wheel zooms; on a page that scrolls it does with Ctrl only. */
  readonly wheelZooms: boolean
}

/** A drawing of who needs whom: links, moved by dragging, zoomed by wheel, fingers, buttons or keys. */
export class LineageView {
  readonly element: HTMLElement
  readonly #svg: SVGSVGElement
  readonly #content: SVGGElement
  readonly #layout: LineageLayout
  readonly #options: LineageViewOptions
  /** Letters of a name that are shown. */
  readonly #nameLength: number
  readonly #nodeWidth: number
  readonly #pointers = new Map<number, { x: number; y: number }>()
  #scale = 1
  #x = 0
  #y = 0
  #hasMoved = false

  constructor(store: SiteStore, options: LineageViewOptions) {
    this.#options = options
    const shown = [...options.shown]
    const edges = shown.flatMap((to) =>
      store.graph.parents(to).flatMap((from): [number, number][] => (options.shown.has(from) ? [[from, to]] : [])),
    )
    const longest = shown.reduce((length, at) => Math.max(length, store.entry(at).name.length), nameLengthMin)
    this.#nameLength = Math.min(nameLengthMax, longest)
    this.#nodeWidth = Math.round(this.#nameLength * letterWidth + nodePadding)
    this.#layout = layoutLineage({
      nodes: shown,
      edges,
      nodeWidth: this.#nodeWidth,
      nodeHeight,
      layerGap,
      nodeGap,
    })
    this.#content = createSvg(
      'g',
      {},
      createSvg('g', { class: 'edges' }, ...this.#layout.edges.map(edgePath)),
      createSvg('g', {}, ...this.#layout.nodes.map(({ id, x, y }) => this.#node(store, id, x, y))),
    )
    this.#svg = createSvg(
      'svg',
      { role: 'group', 'aria-label': `Lineage of ${shown.length} nodes`, tabindex: 0 },
      this.#content,
    )
    this.element = create('div', { class: 'lineage' }, this.#svg, this.#buttons())
    this.#listen()
  }

  /** How high it is without being zoomed, in pixels. */
  get naturalHeight(): number {
    return this.#layout.height + 2 * margin
  }

  /** All of it where that is readable; else the part around what it is about. To be called when it has a size. */
  begin(): void {
    const center = this.#wholeScale() < readableScale ? this.#center() : undefined
    if (center === undefined) {
      this.#showAll()
      return
    }
    const { width, height } = this.#svg.getBoundingClientRect()
    this.#scale = beginningScale
    this.#x = placed(width, this.#layout.width * this.#scale, (center.x + this.#nodeWidth / 2) * this.#scale)
    this.#y = placed(height, this.#layout.height * this.#scale, center.y * this.#scale)
    this.#apply()
  }

  #showAll(): void {
    const { width, height } = this.#svg.getBoundingClientRect()
    this.#scale = Math.max(scaleMin, Math.min(1, this.#wholeScale()))
    this.#x = (width - this.#layout.width * this.#scale) / 2
    this.#y = (height - this.#layout.height * this.#scale) / 2
    this.#apply()
  }

  #wholeScale(): number {
    const { width, height } = this.#svg.getBoundingClientRect()
    const { width: layoutWidth, height: layoutHeight } = this.#layout
    return Math.min((width - 2 * margin) / Math.max(layoutWidth, 1), (height - 2 * margin) / Math.max(layoutHeight, 1))
  }

  /** The node that it is about, or else that with the most neighbours. */
  #center(): LayoutNode | undefined {
    const { focus } = this.#options
    const { nodes, edges } = this.#layout
    const degrees = new Map<number, number>()
    for (const id of edges.flatMap(({ from, to }) => [from, to])) degrees.set(id, (degrees.get(id) ?? 0) + 1)
    const weight = ({ id }: LayoutNode) => (id === focus ? Infinity : (degrees.get(id) ?? 0))
    return nodes.reduce<LayoutNode | undefined>(
      (best, node) => (best === undefined || weight(node) > weight(best) ? node : best),
      undefined,
    )
  }

  #node(store: SiteStore, id: number, x: number, y: number): SVGElement {
    const entry = store.entry(id)
    const kind = kindOf(entry)
    const isFocus = id === this.#options.focus
    // Bold letters take more room.
    const short = shortened(entry.name, isFocus ? Math.floor(this.#nameLength * 0.93) : this.#nameLength)
    const node = createSvg(
      'a',
      {
        href: entryAddress(entry),
        class: `node kind-${kind}${isFocus ? ' focus' : ''}`,
        transform: `translate(${x} ${y - nodeHeight / 2})`,
        'aria-current': isFocus ? 'true' : undefined,
        onfocus: () => this.#bringIntoSight(id),
      },
      createSvg(
        'title',
        {},
        `${kindLabel(kind)} ${entry.name}${entry.status === undefined ? '' : `: ${entry.status}`}`,
      ),
      createSvg('rect', { width: this.#nodeWidth, height: nodeHeight, rx: 5 }),
      createSvg('rect', { class: 'bar', width: 5, height: nodeHeight, rx: 2, style: colorStyle(entry.color) }),
      createSvg('text', { x: 14, y: nodeHeight / 2 + 4 }, short),
      entry.status === undefined
        ? undefined
        : createSvg('circle', {
            class: statusTone(entry.status),
            cx: this.#nodeWidth - 11,
            cy: nodeHeight / 2,
            r: 4,
          }),
    )
    for (const event of ['pointerenter', 'focusin']) node.addEventListener(event, () => this.#highlight(id))
    for (const event of ['pointerleave', 'focusout']) node.addEventListener(event, () => this.#highlight(undefined))
    return node
  }

  #highlight(id: number | undefined): void {
    for (const edge of this.#content.querySelectorAll('.active')) edge.classList.remove('active')
    if (id === undefined) return
    for (const edge of this.#content.querySelectorAll(`[data-from="${id}"], [data-to="${id}"]`)) {
      edge.classList.add('active')
    }
  }

  #buttons(): HTMLElement {
    const button = (label: string, text: string, action: () => void) =>
      create('button', { type: 'button', 'aria-label': label, title: label, onclick: action }, text)
    return create(
      'div',
      { class: 'zoom' },
      button('Zoom in', '+', () => this.#zoomMiddle(1.25)),
      button('Zoom out', '−', () => this.#zoomMiddle(0.8)),
      button('Show all', '⤢', () => this.#showAll()),
    )
  }

  #listen(): void {
    const svg = this.#svg
    svg.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false })
    svg.addEventListener('pointerdown', (event) => {
      this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
      this.#hasMoved = false
    })
    svg.addEventListener('pointermove', (event) => this.#onPointerMove(event))
    for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
      svg.addEventListener(end, (event) => this.#pointers.delete(event.pointerId))
    }
    // The end of a drag over a node is no click on it; a click without a pointer is the Enter key.
    svg.addEventListener('click', (event) => this.#hasMoved && event.detail > 0 && event.preventDefault(), true)
    svg.addEventListener('dragstart', (event) => event.preventDefault())
    svg.addEventListener('keydown', (event) => this.#onKey(event))
  }

  #onWheel(event: WheelEvent): void {
    if (!this.#options.wheelZooms && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const { left, top } = this.#svg.getBoundingClientRect()
    this.#zoom(Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top)
  }

  #onPointerMove(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId)
    if (before === undefined) return
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y]
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1]
    if (other === undefined) {
      if (!this.#hasMoved && Math.hypot(dx, dy) < 4) return
      if (!this.#hasMoved) this.#svg.setPointerCapture(event.pointerId)
      this.#x += dx
      this.#y += dy
      this.#apply()
    } else {
      const { left, top } = this.#svg.getBoundingClientRect()
      const distance = Math.hypot(before.x - other.x, before.y - other.y)
      const now = Math.hypot(event.clientX - other.x, event.clientY - other.y)
      this.#zoom(now / Math.max(distance, 1), (event.clientX + other.x) / 2 - left, (event.clientY + other.y) / 2 - top)
    }
    this.#hasMoved = true
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
  }

  #onKey(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [60, 0],
      ArrowRight: [-60, 0],
      ArrowUp: [0, 60],
      ArrowDown: [0, -60],
    }
    const move = moves[event.key]
    if (move !== undefined) {
      this.#x += move[0]
      this.#y += move[1]
      this.#apply()
    } else if (event.key === '+' || event.key === '=') this.#zoomMiddle(1.25)
    else if (event.key === '-') this.#zoomMiddle(0.8)
    else if (event.key === '0') this.#showAll()
    else return
    event.preventDefault()
  }

  #zoomMiddle(factor: number): void {
    const { width, height } = this.#svg.getBoundingClientRect()
    this.#zoom(factor, width / 2, height / 2)
  }

  /** The point of the drawing that is at x, y stays there. */
  #zoom(factor: number, x: number, y: number): void {
    const scale = Math.max(scaleMin, Math.min(scaleMax, this.#scale * factor))
    this.#x = x - ((x - this.#x) * scale) / this.#scale
    this.#y = y - ((y - this.#y) * scale) / this.#scale
    this.#scale = scale
    this.#apply()
  }

  /** Whoever goes from node to node with the keyboard sees where they are. */
  #bringIntoSight(id: number): void {
    const node = this.#layout.nodes.find((one) => one.id === id)
    if (node === undefined || this.#pointers.size > 0) return
    const { width, height } = this.#svg.getBoundingClientRect()
    const [x, y] = [node.x * this.#scale + this.#x, node.y * this.#scale + this.#y]
    if (x >= 0 && x + this.#nodeWidth * this.#scale <= width && y >= 0 && y <= height) return
    this.#x += width / 2 - x
    this.#y += height / 2 - y
    this.#apply()
  }

  #apply(): void {
    this.#content.setAttribute('transform', `translate(${this.#x} ${this.#y}) scale(${this.#scale})`)
    // Names that nobody can read take half of the time of drawing.
    this.#svg.classList.toggle('far', this.#scale < 0.3)
  }
}

/** Where a drawing begins so that a point of it is in the middle, with no empty room at an end where there is more. */
function placed(room: number, length: number, point: number): number {
  if (length <= room) return (room - length) / 2
  return Math.max(room - length - margin, Math.min(margin, room / 2 - point))
}

/** Its beginning and its end. */
function shortened(name: string, lengthMax: number): string {
  if (name.length <= lengthMax) return name
  const end = Math.floor((lengthMax - 1) / 2)
  return `${name.slice(0, lengthMax - 1 - end)}…${name.slice(-end)}`
}

function colorStyle(color: string | undefined): string | undefined {
  return color === undefined ? undefined : `fill: ${color}`
}

/** Level where it leaves and where it arrives. */
function edgePath({ from, to, points }: LayoutEdge): SVGElement {
  const [[startX, startY], ...rest] = points as [readonly [number, number], ...(readonly [number, number])[]]
  let path = `M${startX} ${startY}`
  let [x, y] = [startX, startY]
  for (const [nextX, nextY] of rest) {
    const middle = (x + nextX) / 2
    path += y === nextY ? `H${nextX}` : `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`
    x = nextX
    y = nextY
  }
  return createSvg('path', { d: path, 'data-from': from, 'data-to': to })
}
