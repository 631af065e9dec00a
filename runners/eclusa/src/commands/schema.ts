import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import type { RunCommand } from '../run-command.ts'

export function addSchemaCommand(program: Command, run: RunCommand): void {
  program
    .command('schema')
    .description('Print the JSON Schema of eclusa.yaml, for editors.')
    .addHelpText('after', '\nExample:\n  eclusa schema > eclusa.schema.json')
    .action(run(printSchema))
}

async function printSchema(context: CommandContext): Promise<Outcome> {
  const [{ registry }, { editorJsonSchema }] = await Promise.all([
    import('../composition.ts'),
    import('../config/json-schema.ts'),
  ])
  context.data(JSON.stringify(editorJsonSchema(registry), null, 2))
  return 'ok'
}
