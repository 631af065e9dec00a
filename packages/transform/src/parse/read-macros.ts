import { libraryPackages, readLibraryMacros } from '../context/library-macros.ts'
import { MacroLibrary } from '../context/macro-library.ts'
import type { MacroFile } from '../context/macro-library.ts'
import type { Environment } from '../jinja/environment.ts'
import type { PackageProject } from '../project/package-project.ts'
import { readProjectFiles } from '../project/project-files.ts'

export interface ReadMacrosOptions {
  readonly environment: Environment
  readonly root: PackageProject
  readonly packages: readonly PackageProject[]
  readonly adapterType: string
}

/**
 * The macros of our own library, of every package and of the root project.
 *
 * @throws PROJECT_INVALID for a syntax error, and for a name that one package defines twice.
 */
export async function readMacros({
  environment,
  root,
  packages,
  adapterType,
}: ReadMacrosOptions): Promise<MacroLibrary> {
  const internalPackages = libraryPackages(adapterType)
  const own = await Promise.all([...packages, root].map(readPackageMacros))
  return new MacroLibrary({
    environment,
    files: [...(await readLibraryMacros(internalPackages)), ...own.flat()],
    rootPackage: root.name,
    internalPackages,
    adapterTypes: [adapterType],
    searchOrders: new Map(root.file.dispatch.map((entry) => [entry.macro_namespace, entry.search_order])),
  })
}

/** dbt reads macros below the macro paths, and generic tests below the folder `generic` of the test paths too. */
async function readPackageMacros({ name, directory, file, ignores }: PackageProject): Promise<MacroFile[]> {
  const folders = [...file['macro-paths'], ...file['test-paths'].map((folder) => `${folder}/generic`)]
  const sources = await readProjectFiles(directory, folders, ['.sql'], ignores)
  return sources.map((source) => ({ packageName: name, ...source }))
}
