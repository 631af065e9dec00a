import type {
  Assign,
  AssignBlock,
  CallBlock,
  FilterBlock,
  If,
  Macro,
  Output,
  Parameter,
  Statement,
  Target,
  With,
} from './ast.ts'
import { argumentsCode } from './arguments-code.ts'
import { callValue } from './call.ts'
import { MacroReturn } from './error-location.ts'
import { type Eventual, andThen } from './eventual.ts'
import { expressionCode, filterChainCode, outermostCode } from './expression-code.ts'
import { type Code, type Completion, type Frame, TextOutput, innerFrame } from './frame.ts'
import { loopCode } from './loop-code.ts'
import { type MacroCode, MacroValue } from './macro.ts'
import { Namespace } from './namespace.ts'
import { isTrue, unpack } from './python-object.ts'
import { withValue, withValues } from './steps.ts'
import { OperationError } from './template-error.ts'

/** Makes a function of the statements of a body: they are executed in turn until one does not come to its end. */
export function bodyCode(body: readonly Statement[]): Code<Completion> {
  const codes = body.map(statementCode)
  return (frame) => executeFrom(0, codes, frame)
}

function executeFrom(start: number, codes: readonly Code<Completion>[], frame: Frame): Eventual<Completion> {
  for (let index = start; index < codes.length; index += 1) {
    const completion = codes[index]!(frame)
    if (completion instanceof Promise) {
      return completion.then((settled) => (settled === 'end' ? executeFrom(index + 1, codes, frame) : settled))
    }
    if (completion !== 'end') return completion
  }
  return 'end'
}

function statementCode(node: Statement): Code<Completion> {
  if (node.kind === 'Data') {
    const { text } = node
    return (frame) => {
      frame.output.write(text)
      return 'end'
    }
  }
  const code = stepCode(node)
  return (frame) => {
    frame.activation.budget.step()
    return code(frame)
  }
}

function stepCode(node: Exclude<Statement, { kind: 'Data' }>): Code<Completion> {
  switch (node.kind) {
    case 'Output':
      return outputCode(node)
    case 'If':
      return ifCode(node)
    case 'For':
      return loopCode(node, { assign: targetCode(node.target), bodyCode })
    case 'Assign':
      return assignCode(node)
    case 'AssignBlock':
      return assignBlockCode(node)
    case 'Macro':
      return macroTagCode(node)
    case 'CallBlock':
      return callBlockCode(node)
    case 'FilterBlock':
      return filterBlockCode(node)
    case 'With':
      return withCode(node)
    case 'Do':
      return withValue(outermostCode(node.expression), (value) => (value instanceof MacroReturn ? value : 'end'))
    case 'Break':
      return () => 'break'
    case 'Continue':
      return () => 'continue'
  }
}

function outputCode(node: Output): Code<Completion> {
  return withValue(outermostCode(node.value), (value, frame) => {
    if (value instanceof MacroReturn) return value
    frame.activation.node = node
    frame.output.write(value)
    return 'end'
  })
}

function ifCode({ branches, otherwise }: If): Code<Completion> {
  return branches.reduceRight((rest, { test, body }) => {
    const consequent = bodyCode(body)
    return withValue(expressionCode(test), (value, frame) => {
      frame.activation.node = test
      return (isTrue(value) ? consequent : rest)(frame)
    })
  }, bodyCode(otherwise))
}

/** Assigns a value to what stands left of `=`, or between `for` and `in`. */
function targetCode(target: Target): (value: unknown, frame: Frame) => void {
  switch (target.kind) {
    case 'NameTarget': {
      const { name } = target
      return (value, frame) => frame.scope.set(name, value)
    }
    case 'TupleTarget': {
      const items = target.items.map(targetCode)
      return (value, frame) => {
        const values = unpack(value, items.length)
        for (const [index, assign] of items.entries()) assign(values[index], frame)
      }
    }
    case 'NamespaceTarget': {
      const { name, attribute } = target
      return (value, frame) => {
        const namespace = frame.scope.get(name) ?? frame.activation.run.lookup(name)
        if (!(namespace instanceof Namespace)) {
          throw new OperationError('runtime', 'cannot assign attribute on non-namespace object')
        }
        namespace.set(attribute, value)
      }
    }
  }
}

function assignCode(node: Assign): Code<Completion> {
  const assign = targetCode(node.target)
  return withValue(expressionCode(node.value), (value, frame) => {
    frame.activation.node = node
    assign(value, frame)
    return 'end'
  })
}

function assignBlockCode(node: AssignBlock): Code<Completion> {
  const body = bodyCode(node.body)
  const filter = node.filter ? filterChainCode(node.filter) : (text: string) => text
  const assign = targetCode(node.target)
  return (frame) => {
    const output = new TextOutput()
    const inner = innerFrame(frame, output)
    return andThen(body(inner), (completion) => {
      if (completion !== 'end') return completion
      return andThen(filter(output.text, inner), (value) => {
        frame.activation.node = node
        assign(value, frame)
        return 'end'
      })
    })
  }
}

function macroTagCode(node: Macro): Code<Completion> {
  const code = macroCode(node.name, node)
  return (frame) => {
    frame.scope.set(node.name, new MacroValue(code, frame))
    return 'end'
  }
}

/** Most macros that are defined are not called: the code of each is made when it first is. */
export function macroCode(
  name: string | undefined,
  { parameters, body, catches }: Pick<Macro, 'parameters' | 'body' | 'catches'>,
): MacroCode {
  let executed: Code | undefined
  return {
    name,
    catches,
    parameters: parameters.map(parameterCode),
    body: (frame) => {
      executed ??= bodyCode(body)
      return executed(frame)
    },
  }
}

function parameterCode({ name, default: fallback }: Parameter): MacroCode['parameters'][number] {
  if (fallback) return { name, fallback: expressionCode(fallback) }
  const hint = `parameter '${name}' was not provided`
  return { name, fallback: ({ activation }) => activation.run.undefined({ hint }) }
}

/** The call gets the block as a macro by one more keyword. */
function callBlockCode(node: CallBlock): Code<Completion> {
  const { call } = node
  const block = macroCode(undefined, node)
  const caller = { name: 'caller', code: (frame: Frame) => new MacroValue(block, frame) }
  const given = argumentsCode(call.arguments, expressionCode, [caller])
  return withValues(expressionCode(call.callee), given, (callee, { args, kwargs }, frame) => {
    frame.activation.node = call
    return andThen(callValue(callee, args, kwargs, frame), (printed) => {
      if (printed instanceof MacroReturn) return printed
      frame.output.write(printed)
      return 'end'
    })
  })
}

function filterBlockCode(node: FilterBlock): Code<Completion> {
  const body = bodyCode(node.body)
  const filter = filterChainCode(node.filter)
  return (frame) => {
    const output = new TextOutput()
    const inner = innerFrame(frame, output)
    return andThen(body(inner), (completion) => {
      if (completion !== 'end') return completion
      return andThen(filter(output.text, inner), (value) => {
        frame.output.write(value)
        return completion
      })
    })
  }
}

/** Every value is evaluated outside of the block, so that none sees the others. */
function withCode(node: With): Code<Completion> {
  const assignments = node.targets.map((target, index) => ({
    assign: targetCode(target),
    value: expressionCode(node.values[index]!),
  }))
  const body = bodyCode(node.body)
  const assignFrom = (index: number, frame: Frame, inner: Frame): Eventual<Completion> => {
    const assignment = assignments[index]
    if (assignment === undefined) return body(inner)
    return andThen(assignment.value(frame), (value) => {
      assignment.assign(value, inner)
      return assignFrom(index + 1, frame, inner)
    })
  }
  return (frame) => assignFrom(0, frame, innerFrame(frame))
}
