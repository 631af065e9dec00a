import type { z } from 'zod'
import { assertStrictConfig } from './connector-contract.ts'
import { parseConfig } from './parse-config.ts'
import { secretValues } from './secret-values.ts'
import { guardSourceReader } from './source-guard.ts'
import type { ConfiguredSource, Source, SourceDefinition } from './source.ts'

/**
 * Makes a source out of typed functions. Calling the source with a configuration gives what a pipeline runs.
 *
 * The functions receive the parsed configuration, typed by `definition.config`: a strict zod object (unknown keys are
 * refused), in which fields that hold secrets carry `.meta({ secret: true })`. Their values are collected in
 * `ConfiguredSource.secrets`, so that whoever logs can redact them.
 *
 * The messages of `read` are checked on their way: a stream is in the catalog, is started before its first batch and
 * sends nothing after it is completed; the Arrow fields of a batch are its schema's columns. Order and delivery are
 * otherwise the source's own promise, see `SourceMessage`.
 *
 * @throws CONNECTOR_CONTRACT_BROKEN here, when an object in `definition.config` would drop unknown keys silently; from
 *   the reader, at the first message that breaks the contract.
 * @throws CONFIG_INVALID from the returned function, with all faults of the configuration.
 * @see docs/connectors/write-a-source.md, with a complete source that is run by a test.
 */
export function defineSource<Schema extends z.ZodType>(definition: SourceDefinition<Schema>): Source<Schema> {
  const who = `source ${definition.name}`
  assertStrictConfig(definition.config, who)
  const configure = (input: z.input<Schema>): ConfiguredSource => {
    const config = parseConfig(definition.config, input, `configuration of ${who}`)
    const replication = definition.replication?.(config)
    return {
      name: definition.name,
      version: definition.version,
      secrets: secretValues(definition.config, input, config),
      check: (context) => definition.check(config, context),
      discover: (context) => definition.discover(config, context),
      read: (request) => guardSourceReader(definition.read({ ...request, config }), request.catalog, who),
      ...(definition.canBackfill === undefined ? {} : { canBackfill: definition.canBackfill }),
      ...(replication === undefined ? {} : { replication }),
    }
  }
  return Object.assign(configure, { definition })
}
