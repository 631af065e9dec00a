import { duckdb } from '@eclusa/destination-duckdb'
import { snowflake } from '@eclusa/destination-snowflake'
import { definePipeline, openRunStore } from '@eclusa/pipeline'
import type { Pipeline, RunStore, StreamSelection } from '@eclusa/pipeline'
import type { ConfiguredDestination, ConfiguredSource, ConnectorContext, Step } from '@eclusa/sdk'
import { postgres } from '@eclusa/source-postgres'
import { join } from 'node:path'
import type { LoadedConfig } from './config/load-config.ts'
import type { Project } from './config/project-schema.ts'
import type { DestinationPart, SourcePart, StepOptions, StepPart } from './connector.ts'
import { salesDemoSource } from './sales-demo-source.ts'
import { transformStep } from './transform-step.ts'

/*
 * What this command is made of. Nothing else in the runner names a connector or a step.
 */

const sources: Readonly<Record<string, SourcePart>> = {
  postgres: {
    description: 'A PostgreSQL database, version 14 or newer.',
    config: postgres.definition.config,
    open: async (config) => ({
      source: postgres(config as Parameters<typeof postgres>[0]),
      [Symbol.asyncDispose]: async () => {},
    }),
  },
  sales_demo: salesDemoSource,
}

const destinations: Readonly<Record<string, DestinationPart>> = {
  duckdb: {
    description: 'A DuckDB file on this machine.',
    config: duckdb.definition.config,
    open: (config) => duckdb(config as Parameters<typeof duckdb>[0]),
    heldFile: (config) => duckdb.definition.config.parse(config).path,
  },
  snowflake: {
    description: 'A Snowflake database.',
    config: snowflake.definition.config,
    open: (config) => snowflake(config as Parameters<typeof snowflake>[0]),
    heldFile: () => undefined,
  },
}

const steps: Readonly<Record<string, StepPart>> = { transform: transformStep }

export const registry = { sources, destinations, steps }

/** A pipeline with its ends. Disposing ends what had to be started for its source. */
export interface OpenPipeline extends AsyncDisposable {
  readonly pipeline: Pipeline
  readonly source: ConfiguredSource
  readonly destination: ConfiguredDestination
  /** @see OpenSource.change */
  readonly changeSource: (() => Promise<void>) | undefined
  readonly secrets: readonly string[]
}

export interface OpenPipelineOptions extends StepOptions {
  /** Default: what the configuration says. */
  readonly stepsIntervalMs?: number
}

export async function openPipeline(
  loaded: LoadedConfig,
  context: ConnectorContext,
  options: OpenPipelineOptions = { fullRefresh: false },
): Promise<OpenPipeline> {
  const { project } = loaded
  const { connector, ...config } = project.source
  const opened = await sources[connector]!.open(config, context)
  const stepsIntervalMs = options.stepsIntervalMs ?? project.follow?.steps_interval
  const destination = openDestination(project)
  const pipeline = definePipeline({
    name: project.name,
    source: opened.source,
    destination,
    streams: project.streams.map(selectionOf),
    defaults: defaultsOf(project),
    steps: stepsOf(project, options),
    runStore: openHistory(loaded),
    commit: commitOf(project),
    ...(stepsIntervalMs === undefined ? {} : { stepsIntervalMs }),
    ...(project.limits?.memory === undefined ? {} : { memoryBytesMax: project.limits.memory }),
    log: context.log,
  })
  return {
    pipeline,
    source: opened.source,
    destination,
    changeSource: opened.change && (async () => await opened.change!()),
    secrets: [...opened.source.secrets, ...destination.secrets],
    [Symbol.asyncDispose]: async () => await opened[Symbol.asyncDispose](),
  }
}

function stepsOf({ steps: written = [] }: Project, options: StepOptions): Step[] {
  return written.flatMap((step) => Object.entries(step).map(([name, config]) => steps[name]!.open(config, options)))
}

export function openDestination(project: Project): ConfiguredDestination {
  const { connector, ...config } = project.destination
  return destinations[connector]!.open(config)
}

/** @see DestinationPart.heldFile */
export function heldFileOf({ destination: { connector, ...config } }: Project): string | undefined {
  return destinations[connector]!.heldFile(config)
}

/** The history lies beside the configuration. */
export function openHistory({ directory }: Pick<LoadedConfig, 'directory'>): RunStore {
  return openRunStore({ directory: join(directory, '.eclusa', 'runs') })
}

function selectionOf(stream: Project['streams'][number]): StreamSelection {
  if (typeof stream === 'string') return { name: stream }
  return {
    name: stream.name,
    ...streamOptionsOf(stream),
    ...(stream.cursor === undefined ? {} : { cursor: stream.cursor }),
    ...(stream.primary_key === undefined ? {} : { primaryKey: stream.primary_key }),
    ...(stream.target === undefined ? {} : { target: stream.target }),
    ...(stream.columns === undefined ? {} : { columns: stream.columns }),
  }
}

function defaultsOf({ defaults = {} }: Project) {
  const { target_schema: targetSchema } = defaults
  return { ...streamOptionsOf(defaults), ...(targetSchema === undefined ? {} : { targetSchema }) }
}

function streamOptionsOf(options: NonNullable<Project['defaults']>) {
  return {
    ...(options.sync_mode === undefined ? {} : { syncMode: options.sync_mode }),
    ...(options.destination_sync_mode === undefined ? {} : { destinationSyncMode: options.destination_sync_mode }),
    ...(options.schema_policy === undefined ? {} : { schemaPolicy: options.schema_policy }),
    ...(options.on_unrepresentable === undefined ? {} : { onUnrepresentable: options.on_unrepresentable }),
  }
}

function commitOf({ limits = {} }: Project) {
  return {
    ...(limits.commit_bytes === undefined ? {} : { commitBytesMax: limits.commit_bytes }),
    ...(limits.commit_interval === undefined ? {} : { commitIntervalMsMax: limits.commit_interval }),
  }
}
