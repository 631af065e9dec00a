import { cp, mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { salesExample } from '@eclusa/example-sales'
import { EclusaError } from '@eclusa/sdk'
import { registry } from '../composition.ts'
import { editorJsonSchema } from '../config/json-schema.ts'
import { configText, gitignoreText, schemaPath } from './project-files.ts'
import type { NewProject } from './project-files.ts'

/**
 * Writes a project that can be run at once: configuration, its schema for editors, what git should leave out, and
 * for the sales demo its dbt project.
 *
 * @returns the files and folders written, relative to the project.
 * @throws CONFIG_EXISTS when something would be overwritten and that was not asked for.
 */
export async function writeProject(
  project: NewProject,
  { directory, overwrite }: { readonly directory: string; readonly overwrite: boolean },
): Promise<string[]> {
  const files = new Map([
    ['eclusa.yaml', configText(project)],
    [schemaPath, `${JSON.stringify(editorJsonSchema(registry), null, 2)}\n`],
    ['.gitignore', gitignoreText],
  ])
  const hasDbt = project.source.connector === 'sales_demo'
  if (!overwrite) await refuseExisting(directory, hasDbt ? ['eclusa.yaml', 'dbt'] : ['eclusa.yaml'])
  for (const [name, text] of files) await writeNew(join(directory, name), text, { keep: name === '.gitignore' })
  if (hasDbt) await cp(salesExample.dbtDir, join(directory, 'dbt'), { recursive: true })
  return [...files.keys(), ...(hasDbt ? ['dbt/'] : [])]
}

async function refuseExisting(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await exists(join(directory, name))) {
      throw new EclusaError('CONFIG_EXISTS', {
        message: `There is already ${name} in ${directory}.`,
        details: { directory, name },
      })
    }
  }
}

/** A .gitignore that is there already belongs to something larger. */
async function writeNew(path: string, text: string, { keep }: { readonly keep: boolean }): Promise<void> {
  if (keep && (await exists(path))) return
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
