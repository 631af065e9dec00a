import { registry } from '../composition.ts'
import { editorJsonSchema, projectJsonSchema } from '../config/json-schema.ts'
import { createProgram } from '../program.ts'
import { cliReference } from './cli-reference.ts'
import { configReference } from './config-reference.ts'

/** Everything in the repository that is written from the runner's definitions: path from the repository's root, and text. */
export function referenceFiles(): ReadonlyMap<string, string> {
  const idle = () => async () => {}
  return new Map([
    ['docs/reference/cli.md', `${cliReference(createProgram(idle))}\n`],
    ['docs/reference/config.md', `${configReference(projectJsonSchema(registry))}\n`],
    ['runners/eclusa/schema/eclusa.schema.json', `${JSON.stringify(editorJsonSchema(registry), null, 2)}\n`],
  ])
}
