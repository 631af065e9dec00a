import { callDirectly } from '../jinja/call.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { AgateTable } from '../python/agate-table.ts'
import { hostFunction } from './host-function.ts'

/** The names of a run that are there while parsing too, with what dbt gives then: no results, no rows, no hooks. */
export function offlineNames(): Record<string, unknown> {
  return {
    load_result: new NativeFunction('load_result', 'name', () => null),
    store_result: new NativeFunction('store_result', 'name response agate_table?', () => ''),
    store_raw_result: new NativeFunction(
      'store_raw_result',
      'name message? code? rows_affected? agate_table?',
      () => '',
    ),
    write: new NativeFunction('write', 'payload', () => ''),
    render: new NativeFunction('render', 'string', (text: unknown) => text),
    load_agate_table: new NativeFunction('load_agate_table', '', () => AgateTable.fromRows([], [])),
    submit_python_job: new NativeFunction('submit_python_job', 'parsed_model compiled_code', () => {
      throw new OperationError('runtime', 'models in Python cannot be run, only SQL')
    }),
    try_or_compiler_error: hostFunction('try_or_compiler_error', tryOrCompilerError),
    pre_hooks: [],
    post_hooks: [],
    sql: null,
    compiled_code: null,
    selected_resources: [],
    defer_relation: null,
    graph: {},
  }
}

/** `try_or_compiler_error('what went wrong', function, arguments…)` */
function tryOrCompilerError(args: readonly unknown[], kwargs: KeywordArguments): unknown {
  const [message, callee, ...rest] = args
  const failed = () => new OperationError('runtime', textOf(message))
  try {
    const result = callDirectly(callee, rest, kwargs)
    return result instanceof Promise
      ? result.catch(() => {
          throw failed()
        })
      : result
  } catch {
    throw failed()
  }
}
