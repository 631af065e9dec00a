import type { RunEvent } from '@eclusa/sdk'

type Base = 'version' | 'at' | 'pipeline' | 'runId'
type WithoutBase<Event> = Event extends unknown ? Omit<Event, Base> : never

/** An event before the run has put its own identity and the time on it. */
export type EventBody = WithoutBase<RunEvent>

export type EmitEvent = (body: EventBody) => void

/** Completes event bodies with what they have in common and hands them to every listener in turn. */
export function createEmitter(
  identity: { readonly pipeline: string; readonly runId: string },
  listeners: readonly ((event: RunEvent) => void)[],
): EmitEvent {
  return (body) => {
    const event = { version: 1, at: new Date().toISOString(), ...identity, ...body } as RunEvent
    for (const listener of listeners) listener(event)
  }
}
