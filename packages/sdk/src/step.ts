import type { JsonObject } from './checkpoint.ts'
import type { ConnectorContext } from './source.ts'
import type { StepNodeEvent } from './run-event.ts'
import type { Warehouse } from './warehouse.ts'

/** What a step is given to run in. */
export interface StepContext extends ConnectorContext {
  readonly pipeline: string
  readonly runId: string
  readonly warehouse: Warehouse
  /** Tells the run's listeners that one unit of work (a model, a test, a file) began or ended. */
  emit(event: StepNodeEvent): void
}

/** `failed` = the step did its work and found something wrong (a test failed); a fault of the step itself is thrown. */
export interface StepResult {
  readonly status: 'succeeded' | 'warned' | 'failed'
  /** One line for a person: `12 models built, 31 tests passed`. */
  readonly summary: string
  readonly details: JsonObject
}

/** What a pipeline runs after (or instead of) loading: transform, checks, backup. */
export interface Step {
  readonly name: string
  run(context: StepContext): Promise<StepResult>
}

/** Declares a step. Steps run in order, each in the warehouse that the destination wrote to. */
export function defineStep(step: Step): Step {
  return step
}
