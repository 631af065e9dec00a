import { basename, resolve } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { invocationOf, shellWord } from '../invocation.ts'
import { parseCount } from '../parse-count.ts'
import type { FileProject, NewPostgresSource, NewProject } from '../project/project-files.ts'
import { askForProject } from '../project/wizard.ts'
import type { RunCommand } from '../run-command.ts'
import { shownPath } from '../shown-path.ts'

export interface InitOptions {
  readonly demo?: true
  readonly scale: number
  readonly name?: string
  readonly warehouse: string
  readonly host?: string
  readonly port: number
  readonly database?: string
  readonly username?: string
  readonly passwordVariable: string
  readonly sslMode: string
  readonly schema: string[]
  readonly yes?: true
  readonly force?: true
}

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

export function addInitCommand(program: Command, run: RunCommand): void {
  program
    .command('init')
    .description('Write a new project: asks at a terminal, else goes by its options.')
    .argument('[directory]', 'where to', '.')
    .option('--demo', 'on the embedded sales database: runs offline, needs nothing (the default without --host)')
    .option('--scale <number>', 'size of the sales database; 1 is a million orders', parseScale, 0.01)
    .option('--name <name>', 'name of the pipeline (default: name of the folder)')
    .option('--warehouse <path>', 'the DuckDB file', './warehouse.duckdb')
    .option('--host <host>', 'your PostgreSQL server')
    .option('--port <port>', 'its port', parseCount, 5432)
    .option('--database <name>', 'its database')
    .option('--username <role>', 'the role that reads')
    .option(
      '--password-variable <name>',
      'the environment variable that holds the password',
      parseVariable,
      'PGPASSWORD',
    )
    .addOption(new Option('--ssl-mode <mode>', 'as in libpq').choices(sslModes).default('prefer'))
    .option('--schema <name...>', 'schemas whose tables move', ['public'])
    .option('-y, --yes', 'ask nothing')
    .option('--force', 'overwrite what is there')
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa init                        asks\n  eclusa init --demo my-project      a project that runs at once\n  eclusa init --host db.example.com --database shop --username reader --schema shop',
    )
    .action(run(async (context, directory: string, options: InitOptions) => await init(context, directory, options)))
}

export function parseScale(text: string): number {
  const scale = Number(text)
  if (!(scale > 0 && scale <= 100)) throw new InvalidArgumentError('Expected a number above 0, at most 100.')
  return scale
}

function parseVariable(text: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/u.test(text))
    throw new InvalidArgumentError('Expected the name of an environment variable.')
  return text
}

async function init(context: CommandContext, target: string, options: InitOptions): Promise<Outcome> {
  const directory = resolve(context.directory, target)
  const given = projectOf(directory, options)
  const isAsked =
    context.terminal.isInteractive &&
    process.stdin.isTTY &&
    options.yes !== true &&
    options.demo !== true &&
    options.host === undefined
  const project = isAsked ? await askForProject(given) : given
  if (project === undefined) return 'cancelled'
  const { writeProject } = await import('../project/write-project.ts')
  const written = await writeProject(project, { directory, overwrite: options.force === true })
  context.result({
    text: `Wrote ${written.join(', ')} in ${directory}\n\n${nextSteps(context, directory, project)}`,
    lines: [{ type: 'project', directory, written }],
  })
  return 'ok'
}

function projectOf(directory: string, options: InitOptions): FileProject {
  const source =
    options.host === undefined
      ? { connector: 'sales_demo' as const, scale: options.scale }
      : postgresOf(options.host, options)
  return { name: options.name ?? nameOf(directory), warehouse: options.warehouse, source }
}

function postgresOf(host: string, options: InitOptions): NewPostgresSource {
  const { port, database, username, passwordVariable, sslMode, schema: schemas } = options
  if (database === undefined || username === undefined) {
    const missing = [
      ...(database === undefined ? ['--database'] : []),
      ...(username === undefined ? ['--username'] : []),
    ]
    throw new EclusaError('CONFIG_INVALID', {
      message: `With --host also give ${missing.join(' and ')}.`,
      details: { missing },
    })
  }
  return { connector: 'postgres', host, port, database, username, passwordVariable, sslMode, schemas }
}

/** A folder may be called anything; a pipeline has a letter first and nothing unusual after it. */
export function nameOf(directory: string): string {
  const plain = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/gu, '-')
    .replaceAll(/^[^a-z]+|-+$/gu, '')
  return plain === '' ? 'sales' : plain.slice(0, 63)
}

function nextSteps(context: CommandContext, directory: string, { source }: NewProject): string {
  const eclusa = invocationOf(context.env)
  const place = shownPath(context.directory, directory)
  const config = place === '' ? '' : ` --config ${shellWord(place)}`
  const lines = [
    ...(source.connector === 'postgres' ? [`export ${source.passwordVariable}=…`] : []),
    `${eclusa} check${config}`,
    `${eclusa} plan${config}`,
    `${eclusa} run${config}`,
  ]
  return `Next:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
