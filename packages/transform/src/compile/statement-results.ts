import { AdapterResponse } from '../adapter/adapter-response.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { AgateTable } from '../python/agate-table.ts'

export interface StatementResult {
  readonly response: AdapterResponse
  readonly data: readonly unknown[]
  readonly table: AgateTable
}

/** What `statement` leaves under a name and `load_result` finds, for one node. */
export class StatementResults {
  readonly #results = new Map<string, StatementResult>()

  get(name: string): StatementResult | undefined {
    return this.#results.get(name)
  }

  /** `store_result`, `store_raw_result` and `load_result` for the node's context. */
  names(): Record<string, unknown> {
    return {
      load_result: new NativeFunction('load_result', 'name', (name: unknown) => this.get(textOf(name)) ?? null),
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

  #store(name: unknown, response: unknown, table: unknown): string {
    const rows = table instanceof AgateTable ? table : AgateTable.fromRows([], [])
    this.#results.set(textOf(name), {
      response: response instanceof AdapterResponse ? response : new AdapterResponse(textOf(response)),
      data: [...rows].map((row) => [...row]),
      table: rows,
    })
    return ''
  }
}
