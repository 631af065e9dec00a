import type { z } from 'zod'
import { assertStrictConfig } from './connector-contract.ts'
import { guardDestinationSession } from './destination-guard.ts'
import type { ConfiguredDestination, Destination, DestinationDefinition, WriteRequest } from './destination.ts'
import { EclusaError } from './error.ts'
import { parseConfig } from './parse-config.ts'
import { secretValues } from './secret-values.ts'
import { arrivesAsChanges, streamKey } from './stream.ts'

type UnconfiguredRequest = Omit<WriteRequest<unknown>, 'config'>

/**
 * Makes a destination out of typed functions. Calling the destination with a configuration gives what a pipeline runs.
 *
 * The functions receive the parsed configuration, typed by `definition.config`: a strict zod object (unknown keys are
 * refused), in which fields that hold secrets carry `.meta({ secret: true })`. Their values are collected in
 * `ConfiguredDestination.secrets`, so that whoever logs can redact them.
 *
 * An open session is guarded: its calls come one at a time and in the order that `DestinationSession` states, and its
 * commits have growing sequences. What the author's session leaves out is added, see `AuthoredSession`. Streams whose sync mode is not among `definition.syncModes` are refused before `open`
 * and `plan`.
 *
 * @throws CONNECTOR_CONTRACT_BROKEN here, when an object in `definition.config` would drop unknown keys silently; from
 *   `commit`, when its sequence does not grow.
 * @throws CONFIG_INVALID from the returned function, with all faults of the configuration; from `open` and `plan`, when
 *   a stream has a sync mode that the destination lacks.
 * @throws INTERNAL from a session whose caller breaks the contract.
 * @see docs/connectors/write-a-destination.md, with a complete destination that is run by a test.
 */
export function defineDestination<Schema extends z.ZodType>(
  definition: DestinationDefinition<Schema>,
): Destination<Schema> {
  const who = `destination ${definition.name}`
  assertStrictConfig(definition.config, who)
  const configure = (input: z.input<Schema>): ConfiguredDestination => {
    const config = parseConfig(definition.config, input, `configuration of ${who}`)
    return {
      name: definition.name,
      version: definition.version,
      secrets: secretValues(definition.config, input, config),
      syncModes: definition.syncModes,
      delivery: definition.delivery,
      appliesChanges: definition.appliesChanges ?? false,
      check: (context) => definition.check(config, context),
      async plan(request) {
        assertSyncModes(definition, request)
        return definition.plan?.({ ...request, config }) ?? []
      },
      async open(request) {
        assertSyncModes(definition, request)
        return guardDestinationSession(await definition.open({ ...request, config }), request.catalog, who)
      },
      ...(definition.openWarehouse && {
        openWarehouse: async (request) => definition.openWarehouse!(config, request),
      }),
      ...(definition.progress && {
        progress: async (request) => definition.progress!(config, request),
      }),
      ...(definition.forgetCheckpoints && {
        forgetCheckpoints: async (request) => definition.forgetCheckpoints!(config, request),
      }),
    }
  }
  return Object.assign(configure, { definition })
}

function assertSyncModes(
  definition: Pick<DestinationDefinition<z.ZodType>, 'name' | 'syncModes' | 'appliesChanges'>,
  request: UnconfiguredRequest,
): void {
  const replicated = request.catalog.streams.filter(arrivesAsChanges)
  if (replicated.length > 0 && definition.appliesChanges !== true) {
    throw new EclusaError('CONFIG_INVALID', {
      message: `The destination ${definition.name} cannot apply changes, as which these streams arrive: ${replicated.map(({ stream }) => streamKey(stream)).join(', ')}.`,
      remedy: 'Read them by a cursor or with full refresh, or choose another destination.',
    })
  }
  const refused = request.catalog.streams.filter((stream) => !definition.syncModes.includes(stream.destinationSyncMode))
  if (refused.length === 0) return
  const streams = refused.map(({ stream, destinationSyncMode }) => `${streamKey(stream)} (${destinationSyncMode})`)
  throw new EclusaError('CONFIG_INVALID', {
    message: `The destination ${definition.name} lacks the sync mode of ${streams.join(', ')}.`,
    remedy: `Choose one of ${definition.syncModes.join(', ')} for these streams, or another destination.`,
  })
}
