import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { PackageProject } from '../project/package-project.ts'
import { projectInvalid } from '../project/project-fault.ts'
import { ProjectFolder } from '../project/project-files.ts'
import type { ProjectFile } from '../project/project-files.ts'
import { docsFolders } from './documentation.ts'

/** What a file is to dbt, by the folder that it stands in. A file may be several things. */
export const fileKinds = [
  'models',
  'snapshots',
  'analyses',
  'tests',
  'seeds',
  'properties',
  'docs',
  'fixtures',
] as const
export type FileKind = (typeof fileKinds)[number]

/** The files of a package, by what they hold; none of them is read yet. */
export type PackageFiles = Readonly<Record<FileKind, readonly ProjectFile[]>> & {
  readonly project: PackageProject
  /** dbt_project.yml, which holds nodes too: hooks. Undefined where they are not asked for. */
  readonly projectText: string | undefined
}

export function listPackageFiles(project: PackageProject): PackageFiles {
  const { directory, file } = project
  const folder = new ProjectFolder(directory, project.ignores)
  const tests = folder.files(file['test-paths'], ['.sql', '.csv'])
  const isBelow = (name: string) => (source: ProjectFile) =>
    file['test-paths'].some((root) => source.path.startsWith(`${root}/${name}/`))
  const all = docsFolders({ ...project, file: { ...file, 'docs-paths': undefined } })
  return {
    project,
    projectText: readFileSync(path.join(directory, 'dbt_project.yml'), 'utf8'),
    models: folder.files(file['model-paths'], ['.sql']),
    snapshots: folder.files(file['snapshot-paths'], ['.sql']),
    analyses: folder.files(file['analysis-paths'], ['.sql']),
    tests: tests.filter((one) => one.path.endsWith('.sql') && !isBelow('generic')(one) && !isBelow('fixtures')(one)),
    seeds: folder.files(file['seed-paths'], ['.csv']),
    properties: folder.files(all, ['.yml', '.yaml']),
    docs: folder.files(docsFolders(project), ['.md']),
    fixtures: uniqueFixtures(tests.filter(isBelow('fixtures'))),
  }
}

/** @throws PROJECT_INVALID for two of one name, since unit tests name them without their folders and endings. */
function uniqueFixtures(files: readonly ProjectFile[]): readonly ProjectFile[] {
  const byName = new Map<string, ProjectFile>()
  for (const file of files) {
    const { name } = path.parse(file.path)
    const other = byName.get(name)
    if (other !== undefined) {
      const message = `dbt found two fixtures with the name "${name}": the other is ${other.path}; rename one of them`
      throw projectInvalid([{ file: file.path, message }])
    }
    byName.set(name, file)
  }
  return files
}
