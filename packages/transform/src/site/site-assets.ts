import { readFile } from 'node:fs/promises'

/** What the site needs in the browser, the same for every project. */
export interface SiteAssets {
  /** A classic script: browsers load no modules from a folder. */
  readonly script: string
  readonly style: string
}

/** Those that the build left in `dist/docs-site`; run from the sources, they are made anew. */
export async function readSiteAssets(): Promise<SiteAssets> {
  if (import.meta.url.endsWith('.ts')) return await bundledAssets()
  const [script, style] = await Promise.all(
    ['app.js', 'style.css'].map(async (name) => await readFile(new URL(`docs-site/${name}`, import.meta.url), 'utf8')),
  )
  return { script: script!, style: style! }
}

/** The address is put together, so that no bundler takes the build's own tools into the package. */
async function bundledAssets(): Promise<SiteAssets> {
  const address = new URL('../../site-bundle.ts', import.meta.url).href
  const { bundleSite } = (await import(address)) as { readonly bundleSite: () => Promise<SiteAssets> }
  return await bundleSite()
}
