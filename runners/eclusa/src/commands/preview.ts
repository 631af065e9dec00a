import type { StreamPreview } from '@eclusa/pipeline'
import type { QueryResult } from '@eclusa/sdk'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { formatResult, resultFormats } from '../output/query-result.ts'
import type { ResultFormat } from '../output/query-result.ts'
import { fitsWidth, formatRecords } from '../output/records.ts'
import { formatTable } from '../output/table.ts'
import { parseCount } from '../parse-count.ts'
import type { RunCommand } from '../run-command.ts'

interface PreviewOptions {
  readonly rows: number
  readonly format: ResultFormat
}

export function addPreviewCommand(program: Command, run: RunCommand): void {
  program
    .command('preview')
    .description('Show the first rows of a stream, with their types.')
    .argument('<stream>', 'name of the stream: sales.orders')
    .option('-n, --rows <count>', 'how many rows', parseCount, 10)
    .addOption(new Option('-f, --format <format>', 'how to write them').choices(resultFormats).default('table'))
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa preview sales.orders\n  eclusa preview sales.orders --rows 1000 --format csv > orders.csv',
    )
    .action(run(async (context, stream: string, options: PreviewOptions) => await preview(context, stream, options)))
}

async function preview(context: CommandContext, stream: string, options: PreviewOptions): Promise<Outcome> {
  await using project = await openProject(context)
  const shown = await project.pipeline.preview(stream, {
    rowsMax: options.rows,
    signal: context.interruption.stopSignal,
  })
  if (context.isJson) context.jsonLine({ type: 'preview', ...shown })
  else if (options.format !== 'table') context.data(formatResult(resultOf(shown), options.format))
  else context.data(previewTable(shown, context.terminal.resultColumns))
  return 'ok'
}

/** The type of each column stands above its values: ours, and the source's own where it says more. */
function previewTable({ columns, rows }: StreamPreview, columnsMax: number | undefined): string {
  const fields = columns.map(({ name, type, sourceType }) => ({
    name,
    type: sourceType === '' || sourceType === type ? type : `${type} (${sourceType})`,
  }))
  const texts = rows.map((row) => row.map((value) => value ?? 'NULL'))
  const table = formatTable(columns, [fields.map(({ type }) => type), columns.map(() => ''), ...texts])
  return fitsWidth(table, columnsMax) ? table : formatRecords(fields, texts)
}

function resultOf({ columns, rows }: StreamPreview): QueryResult {
  return { columns, rows, rowsChanged: 0 }
}
