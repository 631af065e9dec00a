import { readFile, readdir } from 'node:fs/promises'
import type { MacroFile } from './macro-library.ts'
import { macroFolder } from '../macro-folder.ts'

/** The packages of our own library that a warehouse uses, in order of precedence: `dbt_duckdb`, `dbt`. */
export function libraryPackages(adapterType: string): string[] {
  return [`dbt_${adapterType}`, 'dbt']
}

/** The files of our own library. Their paths are those that dbt's manifest would show. */
export async function readLibraryMacros(packages: readonly string[]): Promise<MacroFile[]> {
  const files = await Promise.all(packages.map(readPackage))
  return files.flat()
}

async function readPackage(packageName: string): Promise<MacroFile[]> {
  const folder = new URL(`${packageName}/`, macroFolder)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  return await Promise.all(
    names.map(async (name) => ({
      packageName,
      path: `macros/${name}`,
      text: await readFile(new URL(name, folder), 'utf8'),
    })),
  )
}
