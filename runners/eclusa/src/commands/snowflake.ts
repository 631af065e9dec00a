import type { AccountPlan } from '@eclusa/destination-snowflake/account'
import type { WarehouseConnection } from '@eclusa/sdk'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { formatFindings } from '../output/findings.ts'
import { parseCount } from '../parse-count.ts'
import type { RunCommand } from '../run-command.ts'

/** The names and limits of the account, as they are typed. */
interface PlanOptions {
  readonly database?: string
  readonly schemas?: readonly string[]
  readonly warehouse?: string
  readonly warehouseSize?: string
  readonly autoSuspend?: number
  readonly role?: string
  readonly user?: string
  readonly publicKey?: string
  readonly monitor?: string
  readonly credits?: number
  readonly retentionDays?: number
  readonly createSchemas: boolean
}

interface SetupOptions extends PlanOptions {
  readonly apply?: true
  readonly generateKey?: string
}

const loginHelp = `
It logs in with what the environment says: SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER, and SNOWFLAKE_PRIVATE_KEY_PATH,
SNOWFLAKE_TOKEN or SNOWFLAKE_PASSWORD; SNOWFLAKE_ROLE where it is not the user's default.`

export function addSnowflakeCommand(program: Command, run: RunCommand): void {
  const snowflake = program
    .command('snowflake')
    .description('Prepare a Snowflake account: warehouse, database, schemas, role, user, and what they may cost.')
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa snowflake setup --generate-key rsa_key.p8\n  eclusa snowflake setup --apply\n  eclusa snowflake doctor',
    )
  const setup = snowflake.command('setup').description('Print the SQL that prepares an account, or run it.')
  addPlanOptions(setup)
    .option(
      '--generate-key <file>',
      "make a key pair: the private key goes into the file, the public one to the user's",
    )
    .option('--apply', 'run it instead of printing it')
    .addHelpText('after', `${loginHelp} Only --apply logs in; that user needs ACCOUNTADMIN.`)
    .action(run(setUp))
  const doctor = snowflake.command('doctor').description('Compare an account with what `setup` makes.')
  addPlanOptions(doctor).addHelpText('after', loginHelp).action(run(examine))
}

function addPlanOptions(command: Command): Command {
  return command
    .option('--database <name>', 'the database (default: ECLUSA)')
    .option('--schemas <names>', 'its schemas (default: STAGING,DW)', parseNames)
    .option('--warehouse <name>', 'the warehouse (default: ECLUSA_WH)')
    .option('--warehouse-size <size>', 'its size (default: XSMALL)', parseSize)
    .option('--auto-suspend <seconds>', 'seconds without work until it is suspended (default: 60)', parseCount)
    .option('--role <name>', 'the role (default: ECLUSA_ROLE)')
    .option('--user <name>', 'the user (default: ECLUSA_USER)')
    .option('--public-key <file>', 'the key of the user, as a PEM file')
    .option('--monitor <name>', 'the resource monitor (default: ECLUSA_MONITOR)')
    .option('--credits <number>', 'credits a month at which it suspends the warehouse (default: 20)', parseCount)
    .option('--retention-days <days>', 'how far Time Travel reaches back (default: 1)', parseDays)
    .option('--no-create-schemas', 'let the role make no schemas beside these')
}

function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '')) throw new InvalidArgumentError('write names with commas between them')
  return names
}

const sizes = ['XSMALL', 'SMALL', 'MEDIUM', 'LARGE', 'XLARGE', 'XXLARGE', 'XXXLARGE', 'X4LARGE', 'X5LARGE', 'X6LARGE']

function parseSize(text: string): string {
  const size = text.toUpperCase().replaceAll('-', '')
  if (!sizes.includes(size)) throw new InvalidArgumentError(`choose one of ${sizes.join(', ')}`)
  return size
}

function parseDays(text: string): number {
  const days = Number(text)
  if (!/^\d+$/u.test(text) || days > 90) throw new InvalidArgumentError('write a number of days from 0 to 90')
  return days
}

async function planOf(options: PlanOptions, publicKey: string | undefined): Promise<AccountPlan> {
  const {
    objectNameOf,
    accountPlanDefaults: defaults,
    readPublicKey,
  } = await import('@eclusa/destination-snowflake/account')
  const name = (typed: string | undefined, fallback: string) => (typed === undefined ? fallback : objectNameOf(typed))
  const key = publicKey ?? (options.publicKey === undefined ? undefined : await readPublicKey(options.publicKey))
  return {
    ...defaults,
    database: name(options.database, defaults.database),
    schemas: options.schemas?.map(objectNameOf) ?? defaults.schemas,
    warehouse: name(options.warehouse, defaults.warehouse),
    warehouseSize: options.warehouseSize ?? defaults.warehouseSize,
    autoSuspendSeconds: options.autoSuspend ?? defaults.autoSuspendSeconds,
    role: name(options.role, defaults.role),
    user: name(options.user, defaults.user),
    resourceMonitor: name(options.monitor, defaults.resourceMonitor),
    creditQuota: options.credits ?? defaults.creditQuota,
    retentionDays: options.retentionDays ?? defaults.retentionDays,
    mayCreateSchemas: options.createSchemas,
    ...(key === undefined ? {} : { publicKey: key }),
  }
}

async function setUp(context: CommandContext, options: SetupOptions): Promise<Outcome> {
  const { applySetup, generateKeyFile, setupScript } = await import('@eclusa/destination-snowflake/account')
  const { generateKey } = options
  const plan = await planOf(options, generateKey === undefined ? undefined : await generateKeyFile(generateKey))
  if (generateKey !== undefined) context.note(`The private key is in ${generateKey}. Keep it: nobody else has it.`)
  if (options.apply !== true) {
    const text = setupScript(plan)
    context.result({ text, lines: [{ type: 'snowflake_setup', sql: text }] })
    if (plan.publicKey === undefined) context.note(keyNote)
    return 'ok'
  }
  await withAccount(context, (connection) =>
    applySetup(connection, plan, (subject) =>
      context.result({ text: `done  ${subject}`, lines: [{ type: 'snowflake_setup_done', subject }] }),
    ),
  )
  return 'ok'
}

const keyNote =
  'The user gets no key here, and cannot log in. Make one: `eclusa snowflake setup --generate-key rsa_key.p8`.'

async function examine(context: CommandContext, options: PlanOptions): Promise<Outcome> {
  const { examineAccount } = await import('@eclusa/destination-snowflake/account')
  const plan = await planOf(options, undefined)
  const findings = await withAccount(context, (connection) => examineAccount(connection, plan))
  context.result({
    text: formatFindings(findings, context.terminal.paintResult),
    lines: findings.map((finding) => ({ type: 'finding', ...finding })),
  })
  return findings.some(({ status }) => status === 'failed') ? 'check_failed' : 'ok'
}

async function withAccount<Result>(
  context: CommandContext,
  work: (connection: WarehouseConnection) => Promise<Result>,
): Promise<Result> {
  const [{ snowflakeLoginFromEnv }, { openSnowflake }] = await Promise.all([
    import('@eclusa/destination-snowflake/account'),
    import('@eclusa/warehouse'),
  ])
  const { options, secrets } = await snowflakeLoginFromEnv(context.env)
  context.protect(secrets)
  await using warehouse = await openSnowflake({ ...options, signal: context.interruption.stopSignal })
  await using connection = await warehouse.connect()
  return await work(connection)
}
