import { text } from 'node:stream/consumers'
import { EclusaError } from '@eclusa/sdk'
import type { QueryResult, ReadPart } from '@eclusa/sdk'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Project } from '../config/project-schema.ts'
import type { Outcome } from '../exit-code.ts'
import { readProject } from '../open-project.ts'
import { formatCounted } from '../output/quantity.ts'
import { formatJsonRows, formatResult, resultFormats } from '../output/query-result.ts'
import type { ResultFormat } from '../output/query-result.ts'
import type { RunCommand } from '../run-command.ts'
import { findHolder } from '../warehouse-holder.ts'

interface QueryCommandOptions {
  readonly format: ResultFormat
}

export function addQueryCommand(program: Command, run: RunCommand): void {
  program
    .command('query')
    .description(
      'Ask the warehouse, in SQL, also while a run follows. Every value is written exactly; nothing is changed.',
    )
    .argument('<sql>', 'the statement, or - to read it from stdin')
    .addOption(new Option('-f, --format <format>', 'how to write the result').choices(resultFormats).default('table'))
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa query "select count(*) from sales.orders"\n  eclusa query --format csv "from analytics.dim_customer" > customers.csv\n  eclusa query - < report.sql',
    )
    .action(run(async (context, sql: string, options: QueryCommandOptions) => await query(context, sql, options)))
}

async function query(context: CommandContext, sql: string, { format }: QueryCommandOptions): Promise<Outcome> {
  const { project } = await readProject(context, ['destination'])
  const question = sql === '-' ? await text(process.stdin) : sql
  const signal = context.interruption.stopSignal
  const holder = await findHolder(context, project)
  const result =
    holder === undefined ? await askWarehouse(context, project, question) : await collect(holder.read(question, signal))
  showResult(context, result, format)
  return 'ok'
}

/** Opens the warehouse for reading, beside others who do the same. */
async function askWarehouse(context: CommandContext, project: Project, sql: string): Promise<QueryResult> {
  const { openDestination } = await import('../composition.ts')
  const destination = openDestination(project)
  context.protect(destination.secrets)
  const signal = context.interruption.stopSignal
  if (destination.openWarehouse === undefined) {
    throw new EclusaError('CONFIG_INVALID', { message: `The destination "${destination.name}" cannot be queried.` })
  }
  await using warehouse = await destination.openWarehouse({ signal, log: context.log(), readOnly: true })
  if (warehouse.read !== undefined) return await collect(warehouse.read(sql, { signal }))
  await using connection = await warehouse.connect()
  return await connection.query(sql, { signal })
}

async function collect(parts: AsyncIterable<ReadPart>): Promise<QueryResult> {
  let columns: QueryResult['columns'] = []
  const rows: QueryResult['rows'][number][] = []
  for await (const part of parts) {
    if (part.type === 'columns') ({ columns } = part)
    else rows.push(...part.rows)
  }
  return { columns, rows, rowsChanged: 0 }
}

function showResult(context: CommandContext, result: QueryResult, format: ResultFormat): void {
  if (context.isJson) {
    for (const row of formatJsonRows(result)) context.data(`{"type":"row","row":${row}}`)
    return
  }
  if (result.columns.length > 0) context.data(formatResult(result, format, context.terminal.resultColumns))
  if (format !== 'table') return
  context.note(context.terminal.paintNote('dim', formatCounted(result.rows.length, 'row')))
}
