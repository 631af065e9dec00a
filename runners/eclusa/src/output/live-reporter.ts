import { eventLine } from './event-line.ts'
import { progressLines } from './progress-lines.ts'
import { advance, noProgress } from './run-progress.ts'
import type { RunProgress } from './run-progress.ts'
import type { RunReporter } from './run-reporter.ts'
import type { Terminal } from './terminal.ts'

const redrawIntervalMs = 100

/** Lines for what ended, and below them a block that is redrawn in place for what is under way. */
export function createLiveReporter(terminal: Terminal): RunReporter {
  let progress: RunProgress = noProgress
  const redraw = () =>
    terminal.live(progressLines(progress, { nowMs: Date.now(), columns: terminal.columns, paint: terminal.paintNote }))
  const timer = setInterval(redraw, redrawIntervalMs)
  redraw()
  return {
    onEvent: (event) => {
      progress = advance(progress, event)
      const line = eventLine(event, terminal.paintNote, progress)
      if (line === undefined) return
      terminal.note(line)
      redraw()
    },
    end: () => {
      clearInterval(timer)
      terminal.endLive()
    },
  }
}
