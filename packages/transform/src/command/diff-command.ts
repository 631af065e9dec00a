import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { EclusaError } from '@eclusa/sdk'
import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { dialectOf, foldedSnowflakeName } from '@eclusa/warehouse'
import { commandInvalid } from './command-line.ts'
import type { CommandSession } from './command-session.ts'
import { foundLine } from './found-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { readDeferral } from './read-deferral.ts'
import { selectForCommand } from './select-for-command.ts'
import { quotingOf } from '../context/scope.ts'
import { compareRelations } from '../diff/compare-relations.ts'
import type { ComparedRelation } from '../diff/compare-relations.ts'
import { differenceJson, differenceLines, sampleLines } from '../diff/difference-text.ts'
import { isDifferent } from '../diff/model-difference.ts'
import type { ModelDifference } from '../diff/model-difference.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral, relationOf } from '../manifest/node.ts'
import type { ManifestNode, NodeRelation } from '../manifest/node.ts'
import type { Profile } from '../project/profile.ts'
import { compileNodes } from '../run/compile-nodes.ts'

/**
 * `diff`: how the rows of models differ between here and another target, another schema or the relations of `--state`;
 * without any of these, between what is built and what the SQL would build now.
 *
 * @returns 0 when everything is equal, 1 when something differs, 2 when something could not be compared
 */
export async function runDiff(session: CommandSession): Promise<number> {
  const { log, settings, host } = session
  const profile = await session.readProfile()
  const project = await session.loadProject(profile)
  log.info(foundLine(project.manifest))
  const ids = await selectForCommand('diff', session, project)
  const nodes = comparable(
    session,
    [...ids].map((id) => project.nodes.get(id) as ManifestNode),
  )
  if (nodes.length === 0) {
    log.warn('Nothing to do. Try checking your model configs and model specification args')
    return 0
  }
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  await using comparison = await Comparison.open({ session, profile, project, warehouse })
  await comparison.prepare(nodes)
  const outcomes: Outcome[] = []
  for (const node of nodes) outcomes.push(await outcomeOf(node, comparison))
  tell(session, comparison.titles, outcomes)
  if (outcomes.some(({ error }) => error !== undefined)) return 2
  return outcomes.some(({ status }) => status !== 'equal') ? 1 : 0
}

/** Without what has no rows of its own; and, of more than one, without seeds and snapshots where SQL is to be run. */
function comparable({ settings }: CommandSession, nodes: readonly ManifestNode[]): readonly ManifestNode[] {
  const found = nodes.filter((node) => !isEphemeral(node))
  const hasOther = ['against', 'against_schema', 'state'].some((name) => settings.text(name) !== undefined)
  const models = found.filter(({ resource_type: type }) => type === 'model')
  return hasOther || models.length === 0 ? found : models
}

interface Outcome {
  readonly node: ManifestNode
  readonly status: 'equal' | 'different' | 'only before' | 'only after' | 'failed'
  readonly difference?: ModelDifference
  readonly error?: EclusaError
}

async function outcomeOf(node: ManifestNode, comparison: Comparison): Promise<Outcome> {
  try {
    return await comparison.compare(node)
  } catch (error) {
    if (comparison.signal.aborted || !EclusaError.isInstance(error)) throw error
    return { node, status: 'failed', error }
  }
}

interface ComparisonOptions {
  readonly session: CommandSession
  readonly profile: Profile
  readonly project: LoadedProject
  readonly warehouse: Warehouse
}

/** Where what was before is. */
interface Earlier {
  readonly title: string
  /** Of another database; undefined for the target's own. */
  readonly warehouse?: Warehouse
  readonly dialect?: ComparedRelation['dialect']
  /** Undefined where the node was not there. */
  relationOf(node: ManifestNode): NodeRelation | undefined
}

/** Finds both sides of each comparison. */
class Comparison implements AsyncDisposable {
  readonly signal: AbortSignal
  readonly titles: { readonly before: string; readonly after: string }
  readonly #options: ComparisonOptions
  readonly #connection: WarehouseConnection
  readonly #earlier: Earlier
  readonly #earlierConnection: WarehouseConnection
  /** SQL of what is not compared as it is built, by unique id. */
  readonly #compiled = new Map<string, string | EclusaError>()
  readonly #builds: boolean

  private constructor(
    options: ComparisonOptions,
    { earlier, connections, builds }: { earlier: Earlier; connections: WarehouseConnection[]; builds: boolean },
  ) {
    this.#options = options
    this.signal = options.session.host.signal
    this.#earlier = earlier
    this.#connection = connections[0]!
    this.#earlierConnection = connections.at(-1)!
    this.#builds = builds
    const after = builds ? 'the SQL of now' : `target ${options.profile.targetName}`
    this.titles = { before: earlier.title, after }
  }

  static async open(options: ComparisonOptions): Promise<Comparison> {
    const given = await findEarlier(options)
    const earlier = given ?? { title: `what is built in target ${options.profile.targetName}`, relationOf }
    const connections = [await options.warehouse.connect()]
    if (earlier.warehouse !== undefined) connections.push(await earlier.warehouse.connect())
    return new Comparison(options, { earlier, connections, builds: given === undefined })
  }

  /** Compiles what is to be compared by its SQL: all rows of incremental models. */
  async prepare(nodes: readonly ManifestNode[]): Promise<void> {
    if (!this.#builds) return
    const { session, project, warehouse } = this.#options
    const models = nodes.filter(({ resource_type: type }) => type === 'model')
    const whole = models.map((node) => [node.unique_id, { ...node, config: { ...node.config, full_refresh: true } }])
    const deferral = await readDeferral(session, project)
    const compiled = await compileNodes(
      { ...project, nodes: new Map([...project.nodes, ...(whole as [string, ManifestNode][])]) },
      {
        ids: new Set(models.map(({ unique_id: id }) => id)),
        warehouse,
        writeFiles: false,
        ...(deferral === undefined ? {} : { deferral }),
        signal: this.signal,
        onFailure: (node, error) => this.#compiled.set(node.unique_id, error),
      },
    )
    for (const [id, node] of compiled) this.#compiled.set(id, node.compiled_code ?? '')
  }

  async compare(node: ManifestNode): Promise<Outcome> {
    const { settings } = this.#options.session
    const before = await this.#before(node)
    const after = await this.#after(node)
    if (before === undefined && after === undefined) {
      throw new EclusaError('COMMAND_INVALID', {
        message: `${node.name} is neither in ${this.titles.before} nor in ${this.titles.after}.`,
        remedy: `Build it first: run --select ${node.name}.`,
      })
    }
    if (before === undefined) return { node, status: 'only after' }
    if (after === undefined) return { node, status: 'only before' }
    const given = settings.list('key').flatMap((word) => word.split(','))
    const difference = await compareRelations({
      before,
      after,
      key: given.length > 0 ? given : keyOf(node),
      isKeyGiven: given.length > 0,
      limit: settings.number('limit') ?? 0,
      signal: this.signal,
    })
    return { node, difference, status: isDifferent(difference) ? 'different' : 'equal' }
  }

  async #before(node: ManifestNode): Promise<ComparedRelation | undefined> {
    const { warehouse = this.#options.warehouse, dialect = this.#dialect } = this.#earlier
    const relation = this.#earlier.relationOf(node)
    if (relation === undefined) return undefined
    return await existing(this.#asFound(relation), { warehouse, dialect, connection: this.#earlierConnection })
  }

  async #after(node: ManifestNode): Promise<ComparedRelation | undefined> {
    const { warehouse } = this.#options
    const [dialect, connection] = [this.#dialect, this.#connection]
    if (!this.#builds) return await existing(this.#asFound(relationOf(node)), { warehouse, dialect, connection })
    const sql = this.#compiled.get(node.unique_id)
    if (sql === undefined) {
      const what = `${node.name} is a ${node.resource_type}, whose rows are not made by SQL alone`
      throw commandInvalid(`${what}: compare it with --against, --against-schema or --state.`)
    }
    if (EclusaError.isInstance(sql)) throw sql
    // Once, so that what differs each time is at least the same in all questions.
    const table = { schema: '', identifier: '_eclusa_difference' }
    const from = dialect.quoteIdentifier(table.identifier)
    await connection.query(`drop table if exists ${from}`)
    await connection.query(dialect.createTableAs(table, `${sql}\n`, { temporary: true }), { signal: this.signal })
    return { warehouse, dialect, connection, from }
  }

  /** Snowflake has names in upper case that are written without quotes. */
  #asFound(relation: NodeRelation): NodeRelation {
    if (this.#dialect.type !== 'snowflake') return relation
    const quoting = quotingOf(this.#options.project.scope)
    const folded = (part: keyof NodeRelation) =>
      quoting[part] ? relation[part] : (foldedSnowflakeName(relation[part]) ?? relation[part])
    return { database: folded('database'), schema: folded('schema'), identifier: folded('identifier') }
  }

  get #dialect(): ComparedRelation['dialect'] {
    return this.#options.project.scope.dialect
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
    if (this.#earlierConnection !== this.#connection) await this.#earlierConnection[Symbol.asyncDispose]()
    await this.#earlier.warehouse?.[Symbol.asyncDispose]()
  }
}

async function existing(
  relation: NodeRelation,
  place: Omit<ComparedRelation, 'from'>,
): Promise<ComparedRelation | undefined> {
  const columns = await place.dialect.listColumns(place.connection, relation)
  return columns === undefined ? undefined : { ...place, from: place.dialect.formatRelation(relation) }
}

/** What the options name; undefined without any. */
async function findEarlier({ session, profile }: ComparisonOptions): Promise<Earlier | undefined> {
  const { settings } = session
  const [target, schema] = [settings.text('against'), settings.text('against_schema')]
  if (target !== undefined && schema !== undefined) {
    throw commandInvalid('Only one of --against and --against-schema can be given.')
  }
  if (schema !== undefined) {
    return { title: `schema ${schema}`, relationOf: (node) => ({ ...relationOf(node), schema }) }
  }
  if (target !== undefined) return await earlierOfTarget(session, profile, target)
  const { state } = await session.readState()
  if (state === undefined) return undefined
  const { manifest } = state
  if (manifest === undefined) throw commandInvalid('There is no manifest.json in the folder of --state.')
  return {
    title: `the relations of ${path.normalize(settings.selection.state ?? '')}`,
    relationOf: ({ unique_id: id }) => (manifest.nodes[id] === undefined ? undefined : relationOf(manifest.nodes[id])),
  }
}

/** The project as the other target sees it, for its names of schemas. */
async function earlierOfTarget(session: CommandSession, profile: Profile, target: string): Promise<Earlier> {
  const other = await session.readProfile(target)
  const project = await session.loadProject(other, 'partial_parse.against.eclusa')
  const find = ({ unique_id: id }: ManifestNode) => {
    const node = project.nodes.get(id)
    return node === undefined ? undefined : relationOf(node)
  }
  const earlier = { title: `target ${other.targetName}`, relationOf: find }
  if (isSameDatabase(profile, other)) return earlier
  const warehouse = await openProfileWarehouse(other, {
    directory: session.settings.projectDirectory,
    signal: session.host.signal,
  })
  return { ...earlier, warehouse, dialect: dialectOf(warehouse) }
}

/** Settings of a session and of where models go leave the database the same. */
function isSameDatabase(one: Profile, other: Profile): boolean {
  const idle = new Set(['schema', 'threads', 'search_path', 'application_name', 'keepalives_idle', 'retries'])
  // A session of Snowflake sees all databases of its account.
  if (one.type === 'snowflake') for (const name of ['database', 'warehouse', 'query_tag']) idle.add(name)
  const place = ({ type, credentials }: Profile) => [
    type,
    Object.fromEntries(Object.entries(credentials).filter(([name]) => !idle.has(name))),
  ]
  return isDeepStrictEqual(place(one), place(other))
}

/** `unique_key`, where that names columns; else what tests or constraints say to be unique. */
function keyOf(node: ManifestNode): readonly string[] {
  const { unique_key: unique } = node.config
  const key = (typeof unique === 'string' ? [unique] : Array.isArray(unique) ? unique : []) as readonly unknown[]
  const names = key.filter((name): name is string => typeof name === 'string')
  if (names.length > 0) return names
  return 'primary_key' in node ? node.primary_key : []
}

function tell(
  { log, settings, host }: CommandSession,
  titles: { readonly before: string; readonly after: string },
  outcomes: readonly Outcome[],
): void {
  if (settings.text('output') === 'json') {
    const models = outcomes.map(({ node, status, difference, error }) => ({
      unique_id: node.unique_id,
      status: status.replace(' ', '_'),
      ...(error === undefined ? {} : { error: error.message }),
      ...(difference === undefined ? {} : differenceJson(difference)),
    }))
    // Not by way of the log: it may hold values, which belong into no file.
    host.write(JSON.stringify({ ...titles, models }, null, 2))
    return
  }
  const say = (text: string) => (settings.isOn('quiet') ? log.print(text) : log.info(text))
  say(`Before: ${titles.before}. After: ${titles.after}.`)
  for (const { node, status, difference, error } of outcomes) {
    if (error !== undefined) log.error(`${node.name}: ${error.message}`)
    else say(`${node.name}: ${status}`)
    if (difference === undefined) continue
    for (const line of differenceLines(difference)) say(line)
    for (const line of sampleLines(difference)) host.write(line)
  }
}
