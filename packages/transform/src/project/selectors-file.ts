import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { PackageProject, ReadPackageOptions } from './package-project.ts'
import { renderYaml } from './render-yaml.ts'
import { YamlFile } from './yaml-file.ts'

const selectorsSchema = z.looseObject({
  selectors: z.array(z.looseObject({ name: z.string(), definition: z.unknown() })).default([]),
})

/** One selector as it was written: `definition` is of dbt's selector grammar. */
export interface WrittenSelector {
  readonly name: string
  readonly definition: unknown
  readonly [key: string]: unknown
}

/** selectors.yml of the root project, each selector by its name and as written. */
export async function readSelectors(
  { directory }: PackageProject,
  { context }: ReadPackageOptions,
): Promise<Map<string, WrittenSelector>> {
  const text = await readFile(path.join(directory, 'selectors.yml'), 'utf8').catch(() => undefined)
  if (text === undefined) return new Map()
  const file = new YamlFile('selectors.yml', text)
  const { selectors } = file.parse(selectorsSchema, renderYaml({ file, context, keeps: () => false }))
  return new Map(selectors.map((selector) => [selector.name, selector]))
}
