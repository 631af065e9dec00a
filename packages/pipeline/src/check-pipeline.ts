import { EclusaError } from '@eclusa/sdk'
import type {
  CheckFinding,
  CheckResult,
  ConfiguredCatalog,
  ConfiguredDestination,
  ConfiguredSource,
  ConnectorContext,
} from '@eclusa/sdk'

/** Looks at source and destination side by side, then at the choice of streams, if the source could be reached. */
export async function checkPipeline(
  { source, destination }: { readonly source: ConfiguredSource; readonly destination: ConfiguredDestination },
  configure: (signal: AbortSignal) => Promise<ConfiguredCatalog>,
  context: ConnectorContext,
): Promise<CheckResult> {
  const [sourceResult, destinationResult] = await Promise.all([source.check(context), destination.check(context)])
  const findings: CheckFinding[] = [...sourceResult.findings, ...destinationResult.findings]
  if (!sourceResult.findings.some(({ status }) => status === 'failed'))
    findings.push(await checkStreams(configure, context))
  return { findings }
}

async function checkStreams(
  configure: (signal: AbortSignal) => Promise<ConfiguredCatalog>,
  { signal }: ConnectorContext,
): Promise<CheckFinding> {
  try {
    const { streams } = await configure(signal)
    return { status: 'passed', subject: 'streams', message: `${streams.length} streams are configured.` }
  } catch (error) {
    if (!EclusaError.isInstance(error)) throw error
    return { status: 'failed', subject: 'streams', message: error.message, code: error.code, remedy: error.remedy }
  }
}
