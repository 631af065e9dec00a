import type { For, Statement } from './ast.ts'
import { MacroReturn, unwind } from './error-location.ts'
import { type Eventual, guard, immediate, repeat, andThen } from './eventual.ts'
import { expressionCode } from './expression-code.ts'
import { type Activation, type Code, type Completion, type Frame, TextOutput, innerFrame } from './frame.ts'
import { Loop } from './loop.ts'
import { isTrue, iterate } from './python-object.ts'

type Pulled = IteratorResult<unknown, void>

interface LoopParts {
  readonly node: For
  readonly assign: (value: unknown, frame: Frame) => void
  readonly condition: Code | undefined
  readonly body: Code<Completion>
  readonly otherwise: Code<Completion>
}

export function loopCode(
  node: For,
  {
    assign,
    bodyCode,
  }: { readonly bodyCode: (body: readonly Statement[]) => Code<Completion> } & Pick<LoopParts, 'assign'>,
): Code<Completion> {
  const iterable = expressionCode(node.iterable)
  const parts: LoopParts = {
    node,
    assign,
    condition: node.condition && expressionCode(node.condition),
    body: bodyCode(node.body),
    otherwise: bodyCode(node.otherwise),
  }
  return (frame) =>
    andThen(iterable(frame), (value) => {
      frame.activation.node = node
      return runLoop(parts, value, frame, 0)
    })
}

function runLoop(parts: LoopParts, iterable: unknown, frame: Frame, depth0: number): Eventual<Completion> {
  const { node, assign, body, otherwise } = parts
  const { activation } = frame
  const items = iterate(iterable)[Symbol.iterator]()
  const pull = () => pullItem(parts, items, frame)
  const loop = new Loop({
    run: activation.run,
    iterable,
    pull,
    pullNow: () => withoutWaiting(activation, pull),
    isFiltered: node.condition !== undefined,
    depth0,
    recurse: node.recursive ? (args, depth) => recurse(parts, args[0], frame, depth) : undefined,
  })
  // Jinja2 notes a turn at its end only, so that a loop whose every turn was cut short has its else part rendered.
  let hasCompleteTurn = false
  let returned: MacroReturn | undefined
  const turn = (hasItem: boolean): Eventual<boolean> => {
    if (!hasItem) return false
    activation.budget.step()
    const inner = innerFrame(frame)
    assign(loop.current, inner)
    inner.scope.set('loop', loop)
    return andThen(body(inner), (completion) => {
      if (completion === 'break') return false
      if (completion instanceof MacroReturn) {
        returned = completion
        return false
      }
      if (completion === 'end') hasCompleteTurn = true
      activation.node = node
      return true
    })
  }
  const turns = repeat(() => andThen(loop.advance(), turn))
  return andThen(turns, () => returned ?? (hasCompleteTurn ? 'end' : otherwise(innerFrame(frame))))
}

/** Renders the body for other items: `loop(items)` inside a recursive loop. */
function recurse(parts: LoopParts, items: unknown, frame: Frame, depth0: number): Eventual<unknown> {
  const { budget } = frame.activation
  const output = new TextOutput()
  budget.enter()
  const rendered = () =>
    andThen(andThen(runLoop(parts, items, { ...frame, output }, depth0), unwind), () => output.text)
  return guard(rendered, {
    failed: (error) => {
      throw error
    },
    ended: () => budget.leave(),
  })
}

/** The next item that meets the loop's condition, which sees the target but not `loop`. */
function pullItem({ assign, condition }: LoopParts, items: Iterator<unknown>, frame: Frame): Eventual<Pulled> {
  let step: Pulled = { done: true, value: undefined }
  const pullNext = (): Eventual<boolean> => {
    const next = items.next()
    step = next.done ? { done: true, value: undefined } : next
    if (step.done || !condition) return false
    const inner = innerFrame(frame)
    assign(step.value, inner)
    return andThen(condition(inner), (isMet) => !isTrue(isMet))
  }
  return andThen(repeat(pullNext), () => step)
}

/** What `loop` needs to know at once cannot wait, not even in asynchronous rendering. */
function withoutWaiting<T>(activation: Activation, work: () => Eventual<T>): T {
  const { mayWait } = activation
  activation.mayWait = false
  try {
    return immediate(work())
  } finally {
    activation.mayWait = mayWait
  }
}
