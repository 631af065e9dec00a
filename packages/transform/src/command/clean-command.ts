import { rm } from 'node:fs/promises'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'

/**
 * `clean`: removes the folders of `clean-targets`.
 *
 * @throws CLEAN_REFUSED for a folder with the project's own files, or outside of the project.
 */
export async function runClean({ root, settings, log }: CommandSession): Promise<number> {
  const { directory, file } = root
  const place = (folder: string) => path.resolve(directory, folder)
  const targets = [...new Set((file['clean-targets'] ?? [file['target-path']]).map(place))]
  const sources = new Set(
    ['model-paths', 'seed-paths', 'snapshot-paths', 'analysis-paths', 'macro-paths', 'test-paths'].flatMap((key) =>
      (file[key] as readonly string[]).map(place),
    ),
  )
  const outside = targets.filter((target) => !isWithin(target, directory) || target === directory)
  if (outside.length > 0 && settings.isOn('clean_project_files_only')) {
    throw cleanRefused(
      'dbt will not clean the following directories outside the project (--no-clean-project-files-only permits it)',
      outside,
    )
  }
  // A folder that holds sources further down would take them along.
  const precious = targets.filter((target) => [...sources].some((source) => isWithin(source, target)))
  if (precious.length > 0) {
    throw cleanRefused('dbt will not clean the following source paths', precious)
  }
  for (const target of targets) {
    log.info(`Checking ${path.relative(directory, target)}/*`)
    await rm(target, { recursive: true, force: true })
    log.info(`Cleaned ${path.relative(directory, target)}/*`)
  }
  log.info('Finished cleaning all paths.')
  return 0
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file)
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative))
}

function cleanRefused(reason: string, folders: readonly string[]): EclusaError {
  return new EclusaError('CLEAN_REFUSED', { message: `Nothing was cleaned: ${reason}: ${folders.join(', ')}.` })
}
