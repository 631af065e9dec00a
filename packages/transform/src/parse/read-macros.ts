import { libraryPackages, readLibraryMacros } from '../context/library-macros.ts'
import { MacroLibrary } from '../context/macro-library.ts'
import type { MacroFile } from '../context/macro-library.ts'
import type { Environment } from '../jinja/environment.ts'
import type { PackageProject } from '../project/package-project.ts'
import { ProjectFolder } from '../project/project-files.ts'

export interface ReadMacroFilesOptions {
  readonly root: PackageProject
  readonly packages: readonly PackageProject[]
  readonly adapterType: string
}

/** The files of macros of our own library, of every package and of the root project. */
export async function readMacroFiles({ root, packages, adapterType }: ReadMacroFilesOptions): Promise<MacroFile[]> {
  const library = await readLibraryMacros(libraryPackages(adapterType))
  return [...library, ...[...packages, root].flatMap(packageMacros)]
}

export interface MacroLibraryFacts {
  readonly environment: Environment
  readonly root: PackageProject
  readonly adapterType: string
}

/** @throws PROJECT_INVALID for a syntax error, and for a name that one package defines twice. */
export function macroLibrary(
  files: readonly MacroFile[],
  { environment, root, adapterType }: MacroLibraryFacts,
): MacroLibrary {
  return new MacroLibrary({
    environment,
    files,
    rootPackage: root.name,
    internalPackages: libraryPackages(adapterType),
    adapterTypes: [adapterType],
    searchOrders: new Map(root.file.dispatch.map((entry) => [entry.macro_namespace, entry.search_order])),
  })
}

/** dbt reads macros below the macro paths, and generic tests below the folder `generic` of the test paths too. */
function packageMacros({ name, directory, file, ignores }: PackageProject): MacroFile[] {
  const folders = [...file['macro-paths'], ...file['test-paths'].map((folder) => `${folder}/generic`)]
  return new ProjectFolder(directory, ignores)
    .files(folders, ['.sql'])
    .map(({ path, text }) => ({ packageName: name, path, text }))
}
