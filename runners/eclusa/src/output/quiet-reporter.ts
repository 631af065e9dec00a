import type { RunEvent } from '@eclusa/sdk'
import { eventLine } from './event-line.ts'
import type { RunReporter } from './run-reporter.ts'
import type { Terminal } from './terminal.ts'

/** Lines for failures, and nothing else. */
export function createQuietReporter(terminal: Pick<Terminal, 'note' | 'paintNote'>): RunReporter {
  return {
    onEvent: (event) => {
      const line = isFailure(event) ? eventLine(event, terminal.paintNote) : undefined
      if (line !== undefined) terminal.note(line)
    },
    end: () => {},
  }
}

function isFailure(event: RunEvent): boolean {
  if (event.type === 'step_node' || event.type === 'step_completed') return event.status === 'failed'
  return event.type === 'log' && event.level === 'error'
}
