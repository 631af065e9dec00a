import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

const source = path.join(import.meta.dirname, 'site')

/** Makes one classic script of what the docs site runs in the browser, and brings its style along. */
export async function bundleSite(): Promise<{ readonly script: string; readonly style: string }> {
  const { outputFiles } = await build({
    entryPoints: [path.join(source, 'app.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
  })
  return {
    script: outputFiles.map(({ text }) => text).join(''),
    style: await readFile(path.join(source, 'style.css'), 'utf8'),
  }
}

/** Writes both where the package looks for them. */
export async function writeSiteBundle(folder: string): Promise<void> {
  const { script, style } = await bundleSite()
  await mkdir(folder, { recursive: true })
  await Promise.all([writeFile(path.join(folder, 'app.js'), script), writeFile(path.join(folder, 'style.css'), style)])
}
