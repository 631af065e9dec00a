import type { Step, StepContext, StepResult } from '@eclusa/sdk'
import { dialectOf } from '@eclusa/warehouse'
import { loadProject } from './load-project.ts'
import { runProject } from './run/run-project.ts'
import type { RunProjectResult } from './run/run-project.ts'

export interface TransformOptions {
  /** Folder with dbt_project.yml. */
  readonly project: string
  /** Name shown in events. Default `transform`. */
  readonly name?: string
  /** Schema for models that name none. Default `analytics`. */
  readonly schema?: string
  /** dbt's `target.name`. Default `dev`. */
  readonly targetName?: string
  /** Models and tests at once, at most. Default 4. */
  readonly threads?: number
  readonly vars?: Readonly<Record<string, unknown>>
  /** dbt's selection grammar. Default: everything. */
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  readonly fullRefresh?: boolean
  readonly failFast?: boolean
  /** Leave out what has not changed since it was built. Default false. */
  readonly onlyStale?: boolean
}

const threadsDefault = 4

/**
 * A pipeline step that builds a dbt project in the warehouse the pipeline loads into: models, then their tests.
 * Emits an event when a node starts and when it ends. Fails (as a result, exit code 3 in the runner) when a model or a
 * test of severity error fails.
 *
 * @throws PROJECT_INVALID, MODEL_CYCLE, SELECTION_INVALID before anything is built.
 * @example
 * definePipeline({ source, destination, steps: [transform({ project: './dbt' })] })
 */
export function transform(options: TransformOptions): Step {
  return { name: options.name ?? 'transform', run: async (context) => await runTransform(options, context) }
}

async function runTransform(options: TransformOptions, context: StepContext): Promise<StepResult> {
  const { warehouse, log, signal } = context
  const project = await loadProject({
    directory: options.project,
    dialect: dialectOf(warehouse),
    target: {
      name: options.targetName ?? 'dev',
      type: warehouse.type,
      database: warehouse.database,
      schema: options.schema ?? 'analytics',
      threads: options.threads ?? threadsDefault,
    },
    ...(options.vars === undefined ? {} : { vars: options.vars }),
    log,
  })
  const result = await runProject(project, {
    warehouse,
    signal,
    emit: (event) => context.emit(event),
    select: options.select ?? [],
    exclude: options.exclude ?? [],
    fullRefresh: options.fullRefresh ?? false,
    failFast: options.failFast ?? false,
    onlyStale: options.onlyStale ?? false,
  })
  return stepResultOf(result)
}

function stepResultOf({ counts, results }: RunProjectResult): StepResult {
  const models = results.filter(({ resourceType, status }) => resourceType === 'model' && status === 'success').length
  const tests = results.filter(({ resourceType, status }) => resourceType === 'test' && status === 'pass').length
  const { pass, warn, error, skip, unchanged, total } = counts
  const left = unchanged === 0 ? '' : `, ${unchanged} unchanged`
  return {
    status: error > 0 ? 'failed' : warn > 0 ? 'warned' : 'succeeded',
    summary: `${models} models built, ${tests} tests passed${left}: PASS=${pass} WARN=${warn} ERROR=${error} SKIP=${skip} TOTAL=${total}`,
    details: {
      ...counts,
      results: results.map(({ uniqueId, status, durationMs, failures }) => ({
        uniqueId,
        status,
        durationMs,
        failures: failures ?? null,
      })),
    },
  }
}
