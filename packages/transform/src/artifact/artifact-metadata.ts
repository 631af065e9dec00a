import { dbtVersion } from './dbt-version.ts'

export interface ArtifactRun {
  readonly invocationId: string
  /** ISO 8601. */
  readonly startedAt: string
  /** The process's environment: variables that begin with DBT_ENV_CUSTOM_ENV_ are written along. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

const customPrefix = 'DBT_ENV_CUSTOM_ENV_'

/** What every artifact says of itself. `schema`: `run-results/v6`. */
export function artifactMetadata(schema: string, run: ArtifactRun): Readonly<Record<string, unknown>> {
  const custom = Object.entries(run.environment).filter(([name]) => name.startsWith(customPrefix))
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${schema}.json`,
    dbt_version: dbtVersion,
    generated_at: pythonTime(new Date()),
    invocation_id: run.invocationId,
    invocation_started_at: pythonTime(new Date(run.startedAt)),
    env: Object.fromEntries(custom.map(([name, value]) => [name.slice(customPrefix.length), value])),
  }
}

/** `2026-01-31T12:00:00.000000Z`: with microseconds, as Python writes it. */
export function pythonTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z')
}
