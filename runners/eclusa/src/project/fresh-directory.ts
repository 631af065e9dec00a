import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Makes a folder that nobody else has: `name`, `name-2`, … in `parent`, or a temporary one where nothing may be
 * written. Creating a folder is atomic, so two that ask at once get two.
 */
export async function freshDirectory(parent: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const directory = join(parent, number === 1 ? name : `${name}-${number}`)
    try {
      await mkdir(directory)
      return directory
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 'EEXIST') return await mkdtemp(join(tmpdir(), `${name}-`))
    }
  }
}
