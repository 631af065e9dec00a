import type { CommandContext } from './command-context.ts'
import type { OpenPipeline, OpenPipelineOptions } from './composition.ts'
import type { ConfigSection } from './config/check-config.ts'
import type { LoadedConfig } from './config/load-config.ts'

/** Reads the configuration that the command line names. Connectors are loaded here: `--help` must not wait for them. */
export async function readProject(context: CommandContext, sections: readonly ConfigSection[]): Promise<LoadedConfig> {
  const [{ registry }, { loadConfig }] = await Promise.all([
    import('./composition.ts'),
    import('./config/load-config.ts'),
  ])
  return await loadConfig({
    path: context.options.config,
    directory: context.directory,
    env: context.env,
    registry,
    sections,
    onSecrets: (secrets) => context.protect(secrets),
  })
}

/** The pipeline that the command line names, ready to use. */
export async function openProject(context: CommandContext, options?: OpenPipelineOptions): Promise<OpenPipeline> {
  const loaded = await readProject(context, ['source', 'destination', 'steps'])
  return await openLoaded(context, loaded, options)
}

export async function openLoaded(
  context: CommandContext,
  loaded: LoadedConfig,
  options?: OpenPipelineOptions,
): Promise<OpenPipeline> {
  const { openPipeline } = await import('./composition.ts')
  const opened = await openPipeline(loaded, { signal: context.interruption.stopSignal, log: context.log() }, options)
  context.protect(opened.secrets)
  return opened
}
