import { AdapterResponse } from '../adapter/adapter-response.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { AgateTable } from '../python/agate-table.ts'

export interface StatementResult {
  readonly response: AdapterResponse
  readonly data: readonly unknown[]
  readonly table: AgateTable
}

/** What `statement` leaves under a name and `load_result` finds, for one node. */
export class StatementResults {
  readonly #results = new Map<string, StatementResult>()
  /** Read by `load_result`, and so no longer there for it; `main` always is. */
  readonly #loaded = new Set<string>()

  get(name: string): StatementResult | undefined {
    return this.#results.get(name)
  }

  /** `store_result`, `store_raw_result` and `load_result` for the node's context. */
  names(): Record<string, unknown> {
    return {
      load_result: new NativeFunction('load_result', 'name', (name: unknown) => this.#load(textOf(name))),
      store_result: new NativeFunction(
        'store_result',
        'name response agate_table?',
        (name: unknown, response: unknown, table: unknown) => this.#store(name, response, table),
      ),
      store_raw_result: new NativeFunction(
        'store_raw_result',
        'name message? code? rows_affected? agate_table?',
        (name: unknown, message: unknown, code: unknown, rows: unknown, table: unknown) => {
          const facts = {
            ...(code == null ? {} : { code: textOf(code) }),
            ...(rows == null ? {} : { rowsAffected: Number(textOf(rows)) }),
          }
          return this.#store(name, new AdapterResponse(message == null ? 'None' : textOf(message), facts), table)
        },
      ),
    }
  }

  #load(name: string): StatementResult | null {
    const result = this.#results.get(name)
    if (result === undefined) return null
    if (this.#loaded.has(name))
      throw new OperationError(
        'runtime',
        `The 'statement' result named '${name}' has already been loaded into a variable`,
      )
    if (name !== 'main') this.#loaded.add(name)
    return result
  }

  #store(name: unknown, response: unknown, table: unknown): string {
    const rows = table instanceof AgateTable ? table : AgateTable.fromRows([], [])
    this.#loaded.delete(textOf(name))
    this.#results.set(textOf(name), {
      response: response instanceof AdapterResponse ? response : new AdapterResponse(textOf(response)),
      data: [...rows].map((row) => [...row]),
      table: rows,
    })
    return ''
  }
}
