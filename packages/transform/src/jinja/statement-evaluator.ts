import type {
  AssignBlock,
  CallBlock,
  Data,
  FilterBlock,
  For,
  If,
  Macro,
  Output,
  Statement,
  Target,
  With,
} from './ast.ts'
import { callValue } from './call.ts'
import { applyFilterChain, evaluate, evaluateArguments, immediate } from './expression-evaluator.ts'
import { type Frame, TextOutput, innerFrame } from './frame.ts'
import { Loop } from './loop.ts'
import { MacroValue } from './macro.ts'
import { Namespace } from './namespace.ts'
import type { Evaluation } from './protocol.ts'
import { isTrue, iterate, unpack } from './python-object.ts'
import { OperationError } from './template-error.ts'

/** How a body ended: at its end, or by a loop control that concerns a loop further out. */
type Completion = 'end' | 'break' | 'continue'

export function* execute(body: readonly Statement[], frame: Frame): Evaluation<Completion> {
  for (const statement of body) {
    if (statement.kind === 'Data') {
      frame.output.write(statement.text)
      continue
    }
    const completion = yield* executeStatement(statement, frame)
    if (completion !== 'end') return completion
  }
  return 'end'
}

function* executeStatement(node: Exclude<Statement, Data>, frame: Frame): Evaluation<Completion> {
  frame.activation.budget.step()
  switch (node.kind) {
    case 'Output':
      return yield* executeOutput(node, frame)
    case 'If':
      return yield* executeIf(node, frame)
    case 'For':
      return yield* executeFor(node, frame)
    case 'Assign': {
      const value = immediate(node.value, frame) ?? (yield* evaluate(node.value, frame))
      frame.activation.node = node
      assign(node.target, value, frame)
      return 'end'
    }
    case 'AssignBlock':
      return yield* executeAssignBlock(node, frame)
    case 'Macro':
      defineMacro(node, frame)
      return 'end'
    case 'CallBlock':
      return yield* executeCallBlock(node, frame)
    case 'FilterBlock':
      return yield* executeFilterBlock(node, frame)
    case 'With':
      return yield* executeWith(node, frame)
    case 'Do':
      yield* evaluate(node.expression, frame)
      return 'end'
    case 'Break':
      return 'break'
    case 'Continue':
      return 'continue'
  }
}

function* executeOutput(node: Output, frame: Frame): Evaluation<Completion> {
  const value = immediate(node.value, frame) ?? (yield* evaluate(node.value, frame))
  frame.activation.node = node
  frame.output.write(value)
  return 'end'
}

function* executeIf(node: If, frame: Frame): Evaluation<Completion> {
  for (const { test, body } of node.branches) {
    const value = immediate(test, frame) ?? (yield* evaluate(test, frame))
    frame.activation.node = test
    if (isTrue(value)) return yield* execute(body, frame)
  }
  return yield* execute(node.otherwise, frame)
}

function* executeFor(node: For, frame: Frame): Evaluation<Completion> {
  const iterable = immediate(node.iterable, frame) ?? (yield* evaluate(node.iterable, frame))
  frame.activation.node = node
  return yield* runLoop(node, iterable, frame, 0)
}

function* runLoop(node: For, iterable: unknown, frame: Frame, depth0: number): Evaluation<Completion> {
  const { activation } = frame
  const items = iterate(iterable)[Symbol.iterator]()
  const recurse = function* (args: readonly unknown[], depth: number): Evaluation {
    const output = new TextOutput()
    activation.budget.enter()
    try {
      yield* runLoop(node, args[0], { ...frame, output }, depth)
    } finally {
      activation.budget.leave()
    }
    return output.text
  }
  const loop = new Loop({
    run: activation.run,
    iterable,
    pull: () => pullItem(node, items, frame),
    isFiltered: node.condition !== undefined,
    depth0,
    recurse: node.recursive ? recurse : undefined,
  })
  // Jinja2 notes a turn at its end only, so that a loop whose every turn was cut short has its else part rendered.
  let hasCompleteTurn = false
  while (yield* loop.advance()) {
    activation.budget.step()
    const body = innerFrame(frame)
    assign(node.target, loop.current, body)
    body.scope.set('loop', loop)
    const completion = yield* execute(node.body, body)
    if (completion === 'end') hasCompleteTurn = true
    if (completion === 'break') break
    activation.node = node
  }
  return hasCompleteTurn ? 'end' : yield* execute(node.otherwise, innerFrame(frame))
}

/** The next item that meets the loop's condition, which sees the target but not `loop`. */
function* pullItem(node: For, items: Iterator<unknown>, frame: Frame): Evaluation<IteratorResult<unknown, void>> {
  for (;;) {
    const step = items.next()
    if (step.done) return { done: true, value: undefined }
    if (!node.condition) return step
    const inner = innerFrame(frame)
    assign(node.target, step.value, inner)
    if (isTrue(yield* evaluate(node.condition, inner))) return step
  }
}

function assign(target: Target, value: unknown, frame: Frame): void {
  switch (target.kind) {
    case 'NameTarget':
      frame.scope.set(target.name, value)
      return
    case 'TupleTarget': {
      const values = unpack(value, target.items.length)
      for (const [index, item] of target.items.entries()) assign(item, values[index], frame)
      return
    }
    case 'NamespaceTarget': {
      const namespace = frame.scope.get(target.name) ?? frame.activation.run.lookup(target.name)
      if (!(namespace instanceof Namespace)) {
        throw new OperationError('runtime', 'cannot assign attribute on non-namespace object')
      }
      namespace.set(target.attribute, value)
    }
  }
}

function* executeAssignBlock(node: AssignBlock, frame: Frame): Evaluation<Completion> {
  const output = new TextOutput()
  const inner = innerFrame(frame, output)
  const completion = yield* execute(node.body, inner)
  if (completion !== 'end') return completion
  const value = node.filter ? yield* applyFilterChain(node.filter, output.text, inner) : output.text
  frame.activation.node = node
  assign(node.target, value, frame)
  return 'end'
}

function defineMacro(node: Macro, frame: Frame): void {
  frame.scope.set(node.name, new MacroValue(node, frame, execute))
}

function* executeCallBlock(node: CallBlock, frame: Frame): Evaluation<Completion> {
  const { parameters, body, catches, call } = node
  const callee = immediate(call.callee, frame) ?? (yield* evaluate(call.callee, frame))
  const caller = new MacroValue({ name: undefined, parameters, body, catches }, frame, execute)
  const { args, kwargs } = yield* evaluateArguments(call.arguments, frame, caller)
  frame.activation.node = call
  frame.output.write(yield* callValue(callee, args, kwargs, frame))
  return 'end'
}

function* executeFilterBlock(node: FilterBlock, frame: Frame): Evaluation<Completion> {
  const output = new TextOutput()
  const inner = innerFrame(frame, output)
  const completion = yield* execute(node.body, inner)
  if (completion === 'end') frame.output.write(yield* applyFilterChain(node.filter, output.text, inner))
  return completion
}

/** Every value is evaluated outside of the block, so that none sees the others. */
function* executeWith(node: With, frame: Frame): Evaluation<Completion> {
  const inner = innerFrame(frame)
  for (const [index, target] of node.targets.entries()) {
    const value = node.values[index]
    if (value) assign(target, yield* evaluate(value, frame), inner)
  }
  return yield* execute(node.body, inner)
}
