import type { AirbyteStateMessage, AirbyteStreamState } from '@eclusa/protocol'
import { airbyteStateMessageSchema } from '@eclusa/protocol'
import { z } from 'zod'
import { sharedState } from '../checkpoint.ts'
import type { Checkpoint, JsonObject } from '../checkpoint.ts'
import { EclusaError } from '../error.ts'
import { streamKey } from '../stream.ts'
import type { StreamName } from '../stream.ts'
import { nameOf } from './catalog.ts'

/** What the Python CDK says of a stream that has nothing to go on from: the next sync reads it anew. */
const completeState: JsonObject = { __ab_full_refresh_sync_complete: true }

/**
 * Checkpoints in the file that `--state` names: a list of STREAM states or one GLOBAL state; an empty list or object is
 * none.
 *
 * @throws CHECKPOINT_INVALID for anything else, a LEGACY state among it: no source of ours ever wrote one.
 */
export function checkpointsOfStateFile(content: unknown): Checkpoint[] {
  if (content === null || (typeof content === 'object' && Object.keys(content).length === 0)) return []
  const parsed = z.array(airbyteStateMessageSchema).safeParse(Array.isArray(content) ? content : [content])
  if (!parsed.success) throw stateInvalid('it is no list of states')
  return parsed.data.flatMap(checkpointsOf)
}

function checkpointsOf(state: AirbyteStateMessage): Checkpoint[] {
  if (state.type === 'STREAM') return streamCheckpoints([state.stream])
  if (state.type === 'GLOBAL') {
    const { shared_state: shared, stream_states: streams } = state.global
    return [
      ...(shared == null ? [] : [{ stream: sharedState, state: shared as JsonObject }]),
      ...streamCheckpoints(streams),
    ]
  }
  throw stateInvalid('it is of type LEGACY')
}

function streamCheckpoints(states: readonly AirbyteStreamState[]): Checkpoint[] {
  return states.flatMap(({ stream_descriptor: descriptor, stream_state: state }) =>
    state == null || '__ab_full_refresh_sync_complete' in state
      ? []
      : [{ stream: nameOf(descriptor), state: state as JsonObject }],
  )
}

function stateInvalid(why: string): EclusaError {
  return new EclusaError('CONFIG_INVALID', {
    message: `The state cannot be gone on from: ${why}.`,
    remedy: 'Give the states that the last sync of this connection ended with, or none to read everything anew.',
  })
}

/**
 * Turns checkpoints into states, and counts the records that belong to each: those since the last state that spoke of them.
 */
export class StateWriter {
  readonly #isGlobal: boolean
  readonly #states = new Map<string, { readonly stream: StreamName; readonly state: JsonObject }>()
  readonly #counts = new Map<string, number>()
  #shared: JsonObject | undefined

  constructor(isGlobal: boolean, checkpoints: readonly Checkpoint[]) {
    this.#isGlobal = isGlobal
    this.#keep(checkpoints)
  }

  addRecords(stream: StreamName, count: number): void {
    const key = streamKey(stream)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
  }

  /**
   * The states that say what the checkpoints say.
   *
   * @param completed streams that were read to their end; one that nothing is kept of gets a state that says so.
   */
  states(checkpoints: readonly Checkpoint[], completed: readonly StreamName[]): AirbyteStateMessage[] {
    this.#keep(checkpoints)
    const told = new Map(checkpoints.map((checkpoint) => [streamKey(checkpoint.stream), checkpoint.stream]))
    for (const stream of completed) {
      const key = streamKey(stream)
      if (!this.#states.has(key)) this.#states.set(key, { stream, state: completeState })
      told.set(key, stream)
    }
    told.delete(streamKey(sharedState))
    if (this.#isGlobal) return this.#globalStates(checkpoints.length > 0 || completed.length > 0)
    return [...told.values()].map((stream) => ({
      type: 'STREAM',
      stream: this.#streamState(stream),
      sourceStats: { recordCount: this.#takeCount(streamKey(stream)) },
    }))
  }

  #keep(checkpoints: readonly Checkpoint[]): void {
    for (const { stream, state } of checkpoints) {
      if (streamKey(stream) === streamKey(sharedState)) this.#shared = state
      else this.#states.set(streamKey(stream), { stream, state })
    }
  }

  #globalStates(isDue: boolean): AirbyteStateMessage[] {
    if (!isDue) return []
    const recordCount = [...this.#counts.keys()].reduce((sum, key) => sum + this.#takeCount(key), 0)
    const global = {
      ...(this.#shared === undefined ? {} : { shared_state: this.#shared }),
      stream_states: [...this.#states.values()].map(({ stream }) => this.#streamState(stream)),
    }
    return [{ type: 'GLOBAL', global, sourceStats: { recordCount } }]
  }

  #streamState(stream: StreamName): AirbyteStreamState {
    const { state } = this.#states.get(streamKey(stream))!
    return { stream_descriptor: { ...stream }, stream_state: state }
  }

  #takeCount(key: string): number {
    const count = this.#counts.get(key) ?? 0
    this.#counts.delete(key)
    return count
  }
}
