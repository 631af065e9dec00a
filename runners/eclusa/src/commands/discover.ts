import { matchesPattern } from '@eclusa/pipeline'
import { formatColumnType, streamKey } from '@eclusa/sdk'
import type { DiscoveredStream } from '@eclusa/sdk'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { formatCount } from '../output/quantity.ts'
import { formatTable } from '../output/table.ts'
import type { RunCommand } from '../run-command.ts'

interface DiscoverOptions {
  readonly columns?: true
}

export function addDiscoverCommand(program: Command, run: RunCommand): void {
  program
    .command('discover')
    .description('List the streams that the source has.')
    .argument('[pattern]', 'only these; a name or a pattern such as "sales.*"', '*')
    .option('--columns', 'list the columns with their types')
    .addHelpText('after', '\nExamples:\n  eclusa discover\n  eclusa discover "sales.*" --columns')
    .action(
      run(async (context, pattern: string, options: DiscoverOptions) => await discover(context, pattern, options)),
    )
}

async function discover(context: CommandContext, pattern: string, options: DiscoverOptions): Promise<Outcome> {
  await using project = await openProject(context)
  const catalog = await project.pipeline.discover({ signal: context.interruption.stopSignal })
  const streams = catalog.streams.filter(({ stream }) => matchesPattern(pattern, streamKey(stream)))
  if (streams.length === 0) context.note(`The source shows no stream that matches "${pattern}".`)
  context.result({
    text: streams.length === 0 ? '' : options.columns ? columnsTable(streams) : streamsTable(streams),
    lines: streams.map((stream) => ({ type: 'stream', ...stream })),
  })
  for (const { stream, notes } of context.isJson ? [] : streams) {
    for (const note of notes) context.note(`! ${streamKey(stream)}: ${note}`)
  }
  return 'ok'
}

function streamsTable(streams: readonly DiscoveredStream[]): string {
  return formatTable(
    [
      { name: 'stream' },
      { name: 'kind' },
      { name: 'rows, about', align: 'right' },
      { name: 'columns', align: 'right' },
      { name: 'primary key' },
      { name: 'sync modes' },
    ],
    streams.map((stream) => [
      streamKey(stream.stream),
      stream.kind.replaceAll('_', ' '),
      stream.rowsEstimated === undefined ? '' : formatCount(stream.rowsEstimated),
      String(stream.schema.columns.length),
      stream.primaryKey.join(', '),
      stream.syncModes.join(', '),
    ]),
  )
}

function columnsTable(streams: readonly DiscoveredStream[]): string {
  return formatTable(
    [
      { name: 'stream' },
      { name: 'column' },
      { name: 'type' },
      { name: 'source type' },
      { name: 'nullable' },
      { name: 'key' },
    ],
    streams.flatMap((stream) =>
      stream.schema.columns.map((column) => [
        streamKey(stream.stream),
        column.name,
        formatColumnType(column.type),
        column.sourceType ?? '',
        column.nullable ? '' : 'not null',
        stream.primaryKey.includes(column.name) ? `key ${stream.primaryKey.indexOf(column.name) + 1}` : '',
      ]),
    ),
  )
}
