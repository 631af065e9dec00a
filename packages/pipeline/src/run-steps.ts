import type { ConnectorContext, Step, StepResult, Warehouse } from '@eclusa/sdk'
import { EclusaError } from '@eclusa/sdk'
import type { EmitEvent } from './run-emitter.ts'

/** What steps are run with. */
export interface RunStepsOptions extends ConnectorContext {
  readonly steps: readonly Step[]
  readonly pipeline: string
  readonly runId: string
  readonly emit: EmitEvent
  /** Once aborted, no further step begins. */
  readonly stopSignal: AbortSignal
}

/** What a step of a run came to. */
export type NamedStepResult = StepResult & { readonly step: string }

/**
 * Runs the steps one after the other; those after one that found something wrong are left out.
 *
 * @param onResult is told as soon as a step ends.
 */
export async function runSteps(
  warehouse: Warehouse,
  options: RunStepsOptions,
  onResult: (result: NamedStepResult) => void,
): Promise<void> {
  for (const step of options.steps) {
    if (options.stopSignal.aborted) return
    options.signal.throwIfAborted()
    const result = await runStep(step, warehouse, options)
    onResult({ ...result, step: step.name })
    if (result.status === 'failed') return
  }
}

async function runStep(step: Step, warehouse: Warehouse, options: RunStepsOptions): Promise<StepResult> {
  const { signal, log, pipeline, runId, emit } = options
  const startedAtMs = performance.now()
  emit({ type: 'step_started', step: step.name })
  const result = await step.run({
    signal,
    log,
    pipeline,
    runId,
    warehouse,
    emit: (event) => emit({ type: 'step_node', step: step.name, ...event }),
  })
  const { status, summary } = result
  emit({ type: 'step_completed', step: step.name, status, summary, durationMs: since(startedAtMs) })
  return result
}

export function noWarehouse(destination: string): EclusaError {
  return new EclusaError('CONFIG_INVALID', {
    message: `The destination "${destination}" has no warehouse in which steps could run.`,
  })
}

/** A step that could not do its work while a run follows: told as one that failed, since the run goes on. */
export function stepFailure(step: string, error: unknown): NamedStepResult {
  const message = error instanceof Error ? error.message : String(error)
  const code = EclusaError.isInstance(error) ? error.code : 'INTERNAL'
  return { step, status: 'failed', summary: message, details: { code } }
}

function since(startedAtMs: number): number {
  return Math.round(performance.now() - startedAtMs)
}
