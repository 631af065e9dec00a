import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildSite } from './build-site.ts'
import type { BuiltSite } from './build-site.ts'
import { readRuns, runsText, withLastRun } from './past-runs.ts'
import type { RunResultsFile } from './past-runs.ts'
import { readSiteAssets } from './site-assets.ts'
import type { SiteAssets } from './site-assets.ts'
import type { SiteMaterial } from './site-material.ts'
import { siteShell } from './site-shell.ts'

export interface WriteSiteOptions extends Omit<SiteMaterial, 'runs' | 'generatedAt'> {
  /** Absolute: the folder of the artifacts. */
  readonly targetFolder: string
  readonly lastRun?: RunResultsFile
  /** Writes static_index.html too: the whole site in one file. */
  readonly isStatic: boolean
}

/** Below the target's folder. */
const siteFolder = 'docs'
const filesAtOnce = 16

/**
 * Writes the site beside the artifacts: `index.html`, and `docs/` with the rest. It works from a web server and from the
 * folder alike, since nothing is fetched: data come as scripts, the index at once, pages a part at a time.
 *
 * @returns the path of index.html.
 */
export async function writeSite({ targetFolder, lastRun, isStatic, ...material }: WriteSiteOptions): Promise<string> {
  const folder = path.join(targetFolder, siteFolder)
  const runs = withLastRun(await earlierRuns(folder), lastRun)
  const site = buildSite({ ...material, runs, generatedAt: new Date().toISOString() })
  const assets = await readSiteAssets()
  await rm(path.join(folder, 'data'), { recursive: true, force: true })
  await mkdir(path.join(folder, 'data'), { recursive: true })
  const files = [...siteFiles(site, assets), ['runs.json', runsText(runs)] as const]
  for (let at = 0; at < files.length; at += filesAtOnce) {
    const group = files.slice(at, at + filesAtOnce)
    await Promise.all(group.map(async ([name, text]) => await writeFile(path.join(folder, name), text)))
  }
  const index = path.join(targetFolder, 'index.html')
  await writeFile(index, linkedShell(site))
  if (isStatic) await writeFile(path.join(targetFolder, 'static_index.html'), completeShell(site, assets))
  return index
}

async function earlierRuns(folder: string) {
  try {
    return readRuns(await readFile(path.join(folder, 'runs.json'), 'utf8'))
  } catch {
    return []
  }
}

/** The texts of a site by the names under which the browser asks for them. */
function siteData({ indexText, searchTexts, parts }: BuiltSite): readonly (readonly [name: string, text: string])[] {
  return [['index', indexText], ['search', searchTexts], ...parts.map((text, at) => [`part-${at}`, text] as const)]
}

function siteFiles(site: BuiltSite, { script, style }: SiteAssets): readonly (readonly [name: string, text: string])[] {
  return [
    ['app.js', script],
    ['style.css', style],
    ...siteData(site).map(([name, text]) => [`data/${name}.js`, `eclusaSite('${name}',${text})\n`] as const),
  ]
}

function linkedShell({ index }: BuiltSite): string {
  return siteShell({
    projectName: index.project.name,
    style: `<link rel="stylesheet" href="${siteFolder}/style.css">`,
    script: `<script src="${siteFolder}/app.js"></script>\n<script src="${siteFolder}/data/index.js"></script>`,
  })
}

/** Data stand in elements that are no scripts, so that each is read only when it is asked for. */
function completeShell(site: BuiltSite, { script, style }: SiteAssets): string {
  const data = siteData(site).map(
    ([name, text]) => `<script type="application/json" id="site-${name}">${text}</script>`,
  )
  return siteShell({
    projectName: site.index.project.name,
    style: `<style>${style}</style>`,
    script: [...data, `<script>${script.replaceAll('</script', String.raw`<\/script`)}</script>`].join('\n'),
  })
}
