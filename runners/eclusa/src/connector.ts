import type { ConfiguredDestination, ConfiguredSource, ConnectorContext, Step } from '@eclusa/sdk'
import type { ConfigurablePart } from './config/connector-registry.ts'

/** A source ready to use. Disposing ends what had to be started for it. */
export interface OpenSource extends AsyncDisposable {
  readonly source: ConfiguredSource
  /** Of a source for trying out: lets something happen in its database, in one transaction. */
  change?(): Promise<void>
}

export interface SourcePart extends ConfigurablePart {
  open(config: unknown, context: ConnectorContext): Promise<OpenSource>
}

export interface DestinationPart extends ConfigurablePart {
  open(config: unknown): ConfiguredDestination
  /** The file that one process at a time can have open, which then answers for it; undefined where many can. */
  heldFile(config: unknown): string | undefined
}

export interface StepOptions {
  /** Build everything anew, also what is usually only added to. */
  readonly fullRefresh: boolean
}

export interface StepPart extends ConfigurablePart {
  open(config: unknown, options: StepOptions): Step
}
