import { EclusaError } from '@eclusa/sdk'
import type {
  CheckContext,
  CheckFinding,
  CheckResult,
  ConfiguredDestination,
  ConfiguredSource,
  ConnectorContext,
} from '@eclusa/sdk'
import { selectionInvalid } from './resolve-catalog.ts'
import type { PresentStreams } from './resolve-catalog.ts'

/**
 * Looks at the choice of streams, then at source and destination side by side. The source learns what was chosen, and
 * looks at that; where the choice cannot be made out, because the source cannot be reached, it looks at all there is.
 */
export async function checkPipeline(
  { source, destination }: { readonly source: ConfiguredSource; readonly destination: ConfiguredDestination },
  configure: (signal: AbortSignal) => Promise<PresentStreams>,
  context: ConnectorContext,
): Promise<CheckResult> {
  const { finding, chosen } = await checkStreams(configure, context)
  const [sourceResult, destinationResult] = await Promise.all([
    source.check({ ...context, ...chosen }),
    destination.check(context),
  ])
  const isReached = chosen !== undefined || !sourceResult.findings.some(({ status }) => status === 'failed')
  return { findings: [...sourceResult.findings, ...destinationResult.findings, ...(isReached ? [finding] : [])] }
}

interface StreamCheck {
  readonly finding: CheckFinding
  /** Undefined when discovering failed, or the choice contradicts itself. */
  readonly chosen?: Required<Pick<CheckContext, 'catalog' | 'missing'>>
}

async function checkStreams(
  configure: (signal: AbortSignal) => Promise<PresentStreams>,
  { signal }: ConnectorContext,
): Promise<StreamCheck> {
  try {
    const { streams, missing } = await configure(signal)
    const chosen = { catalog: { streams }, missing: missing.map(({ stream }) => stream) }
    if (missing.length > 0) return { finding: failed(selectionInvalid(missing.map(({ fault }) => fault))), chosen }
    const message = `${streams.length} streams are configured.`
    return { finding: { status: 'passed', subject: 'streams', message }, chosen }
  } catch (error) {
    if (!EclusaError.isInstance(error)) throw error
    return { finding: failed(error) }
  }
}

function failed({ message, code, remedy }: EclusaError): CheckFinding {
  return { status: 'failed', subject: 'streams', message, code, remedy }
}
