import { text } from 'node:stream/consumers'
import { EclusaError } from '@eclusa/sdk'
import type { QueryResult } from '@eclusa/sdk'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { readProject } from '../open-project.ts'
import { formatCounted } from '../output/quantity.ts'
import { formatJsonRows, formatResult, resultFormats } from '../output/query-result.ts'
import type { ResultFormat } from '../output/query-result.ts'
import type { RunCommand } from '../run-command.ts'

interface QueryCommandOptions {
  readonly format: ResultFormat
}

export function addQueryCommand(program: Command, run: RunCommand): void {
  program
    .command('query')
    .description('Ask the warehouse, in SQL. Every value is written exactly.')
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
  const { openDestination } = await import('../composition.ts')
  const destination = openDestination(project)
  context.protect(destination.secrets)
  const signal = context.interruption.stopSignal
  if (destination.openWarehouse === undefined) {
    throw new EclusaError('CONFIG_INVALID', { message: `The destination "${destination.name}" cannot be queried.` })
  }
  await using warehouse = await destination.openWarehouse({ signal, log: context.log() })
  await using connection = await warehouse.connect()
  const result = await connection.query(sql === '-' ? await text(process.stdin) : sql, { signal })
  showResult(context, result, format)
  return 'ok'
}

function showResult(context: CommandContext, result: QueryResult, format: ResultFormat): void {
  if (context.isJson) {
    for (const row of formatJsonRows(result)) context.data(`{"type":"row","row":${row}}`)
    return
  }
  if (result.columns.length > 0) context.data(formatResult(result, format, context.terminal.resultColumns))
  if (format !== 'table') return
  const { rowsChanged, rows } = result
  const count = rowsChanged > 0 ? `${formatCounted(rowsChanged, 'row')} changed` : formatCounted(rows.length, 'row')
  context.note(context.terminal.paintNote('dim', count))
}
