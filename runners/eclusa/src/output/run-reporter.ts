import type { RunEvent } from '@eclusa/sdk'

/** Shows a run while it goes on. Told every event in order, then that there are no more. */
export interface RunReporter {
  onEvent(event: RunEvent): void
  end(): void
}
