import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { Command, CommanderError } from 'commander'
import { configuredAirbyteCatalogSchema, parseJson } from '@eclusa/protocol'
import type { ConfiguredAirbyteCatalog } from '@eclusa/protocol'
import type { CheckResult } from '../check-result.ts'
import { connectorSpec } from '../connector-spec.ts'
import type { ConnectorSpecOptions } from '../connector-spec.ts'
import type { ConfiguredDestination, Destination } from '../destination.ts'
import { EclusaError } from '../error.ts'
import type { ConfiguredSource, Source } from '../source.ts'
import { airbyteCatalog } from './catalog.ts'
import { ConnectorOutput } from './connector-output.ts'
import { readStreams } from './read-command.ts'
import { checkpointsOfStateFile } from './state.ts'
import { ownStdout } from './own-stdout.ts'
import { writeStreams } from './write-command.ts'

export interface RunConnectorOptions extends ConnectorSpecOptions {
  /** Without the names of Node and of the script. Default: those of the process. */
  readonly argv?: readonly string[]
  readonly stdin?: Readable
  /** Takes nothing but messages. Default: the process's, to which then nobody else can write. */
  readonly stdout?: Writable
  /** Ends what runs: what was read is told, and no more. Default: SIGTERM and SIGINT. */
  readonly signal?: AbortSignal
}

type Connector = Source | Destination

/**
 * Runs a connector as Airbyte runs one: `spec`, `check`, `discover` and `read` of a source, `spec`, `check` and `write` of
 * a destination, with files for `--config`, `--catalog` and `--state`. Messages go to stdout, one a line; whatever else is
 * printed, by a dependency too, goes to stderr.
 *
 * @returns the exit code: 0 when done, also for a `check` that failed, whose message says so; 1 after an error, told by a
 *   TRACE; 2 for a command line that makes no sense.
 * @see https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
 */
export async function runConnector(connector: Connector, options: RunConnectorOptions = {}): Promise<number> {
  using stdout = options.stdout === undefined ? ownStdout() : { stream: options.stdout, [Symbol.dispose]: () => {} }
  const output = new ConnectorOutput(stdout.stream)
  using stopping =
    options.signal === undefined ? stopOnSignals() : { signal: options.signal, [Symbol.dispose]: () => {} }
  const stop = stopping.signal
  const program = commandLine(connector, new Verbs(connector, options, output, stop))
  try {
    await program.parseAsync(options.argv ?? process.argv.slice(2), { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (stop.aborted) return 0
    await output.fail(error)
    return 1
  } finally {
    await output.flush().catch(() => {})
  }
}

function stopOnSignals(): Disposable & { readonly signal: AbortSignal } {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  const signals = ['SIGTERM', 'SIGINT'] as const
  for (const signal of signals) process.on(signal, stop)
  const dispose = () => signals.forEach((signal) => process.off(signal, stop))
  return { signal: stopping.signal, [Symbol.dispose]: dispose }
}

interface VerbOptions {
  readonly config: string
  readonly catalog: string
  readonly state?: string
  readonly debug?: true
}

function commandLine(connector: Connector, verbs: Verbs): Command {
  const { name, version } = connector.definition
  const program = new Command(name).version(version).exitOverride()
  // stdout is for messages.
  program.configureOutput({ writeOut: (text) => process.stderr.write(text) })
  const verb = (word: string, description: string) =>
    program.command(word).description(description).option('--debug', 'log everything').exitOverride()
  const withConfig = (word: string, description: string) =>
    verb(word, description).requiredOption('--config <file>', 'the configuration, as JSON')
  verb('spec', 'Tell which configuration the connector takes.').action(() => verbs.spec())
  withConfig('check', 'Try the configuration.').action((options: VerbOptions) => verbs.check(options))
  if (isSource(connector)) {
    withConfig('discover', 'Tell which streams there are.').action((options: VerbOptions) => verbs.discover(options))
    withConfig('read', 'Read the streams of the catalog.')
      .requiredOption('--catalog <file>', 'the configured catalog, as JSON')
      .option('--state <file>', 'the states that the last sync ended with, as JSON')
      .action((options: VerbOptions) => verbs.read(options))
  } else {
    withConfig('write', 'Write the records that come in.')
      .requiredOption('--catalog <file>', 'the configured catalog, as JSON')
      .action((options: VerbOptions) => verbs.write(options))
  }
  return program
}

function isSource(connector: Connector): connector is Source {
  return 'discover' in connector.definition
}

class Verbs {
  readonly #connector: Connector
  readonly #options: RunConnectorOptions
  readonly #output: ConnectorOutput
  readonly #signal: AbortSignal

  constructor(connector: Connector, options: RunConnectorOptions, output: ConnectorOutput, signal: AbortSignal) {
    this.#connector = connector
    this.#options = options
    this.#output = output
    this.#signal = signal
  }

  async spec(): Promise<void> {
    const { documentationUrl, changelogUrl } = this.#options
    const urls = {
      ...(documentationUrl === undefined ? {} : { documentationUrl }),
      ...(changelogUrl === undefined ? {} : { changelogUrl }),
    }
    const spec = connectorSpec(this.#connector.definition, urls)
    await this.#output.write({ type: 'SPEC', spec: { ...spec, protocol_version: protocolVersion } })
  }

  /** A configuration that cannot be used is an answer, not an error. */
  async check(options: VerbOptions): Promise<void> {
    const connectionStatus = await this.#checked(options)
    await this.#output.write({ type: 'CONNECTION_STATUS', connectionStatus })
  }

  async discover(options: VerbOptions): Promise<void> {
    const { context, configured } = await this.#configured(options)
    await this.#output.write({
      type: 'CATALOG',
      catalog: airbyteCatalog(await (configured as ConfiguredSource).discover(context)),
    })
  }

  async read(options: VerbOptions): Promise<void> {
    const { context, configured } = await this.#configured(options)
    const catalog = await readCatalog(options.catalog)
    const checkpoints =
      options.state === undefined ? [] : checkpointsOfStateFile(await readJson(options.state, 'state'))
    await readStreams({
      source: configured as ConfiguredSource,
      catalog,
      checkpoints,
      output: this.#output,
      ...context,
    })
  }

  async write(options: VerbOptions): Promise<void> {
    const { context, configured } = await this.#configured(options)
    const catalog = await readCatalog(options.catalog)
    const input = this.#options.stdin ?? process.stdin
    const destination = configured as ConfiguredDestination
    await writeStreams({ destination, catalog, input, output: this.#output, connection: 'airbyte', ...context })
  }

  async #checked(options: VerbOptions) {
    try {
      const { context, configured } = await this.#configured(options)
      return connectionStatusOf(await configured.check(context))
    } catch (error) {
      if (!EclusaError.isInstance(error) || error.failureType !== 'config_error') throw error
      return { status: 'FAILED' as const, message: this.#output.redact(`${error.message} ${error.remedy}`) }
    }
  }

  async #configured({ config, debug }: VerbOptions) {
    const input = await readJson(config, 'configuration')
    const configured: ConfiguredSource | ConfiguredDestination = this.#connector(input)
    this.#output.protect(configured.secrets)
    const log = this.#output.log(debug === true ? 'debug' : 'info')
    return { configured, context: { signal: this.#signal, log } }
  }
}

const protocolVersion = '0.18.0'

function connectionStatusOf({ findings }: CheckResult) {
  const failed = findings.filter(({ status }) => status === 'failed')
  if (failed.length === 0) return { status: 'SUCCEEDED' as const }
  const texts = failed.map(
    ({ subject, message, remedy }) => `${subject}: ${message}${remedy === undefined ? '' : ` ${remedy}`}`,
  )
  return { status: 'FAILED' as const, message: texts.join('\n') }
}

async function readCatalog(path: string): Promise<ConfiguredAirbyteCatalog> {
  const parsed = configuredAirbyteCatalogSchema.safeParse(await readJson(path, 'catalog'))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`)
  throw new EclusaError('CONFIG_INVALID', {
    message: `The catalog ${path} is no configured catalog:\n- ${faults.join('\n- ')}`,
    remedy: 'Give a configured catalog: {"streams":[{"stream":…,"sync_mode":…,"destination_sync_mode":…}]}.',
  })
}

/** Numbers keep all their digits: positions in a log are larger than a double. */
async function readJson(path: string, what: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path, 'utf8'))
  } catch (cause) {
    // The message of JSON.parse may quote what it read, secrets among it.
    const why = cause instanceof SyntaxError ? 'it is not JSON' : (cause as Error).message
    throw new EclusaError('CONFIG_INVALID', {
      message: `The ${what} ${path} cannot be read: ${why}.`,
      remedy: 'Name a file with JSON in UTF-8.',
    })
  }
}
