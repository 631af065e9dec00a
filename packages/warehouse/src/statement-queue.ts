/** Runs tasks one after the other; a failed task does not stop those behind it. */
export interface StatementQueue {
  run<Result>(task: () => Promise<Result>): Promise<Result>
  /** Resolves when every task added so far has ended. */
  drained(): Promise<void>
}

export function statementQueue(): StatementQueue {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(task) {
      const result = last.then(task)
      last = result.catch(() => {})
      return result
    },
    drained: async () => {
      await last
    },
  }
}
