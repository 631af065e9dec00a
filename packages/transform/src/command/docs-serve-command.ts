import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { EclusaError } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import { serveDocs } from '../site/docs-server.ts'
import { readTarget } from '../site/read-target.ts'
import { writeSite } from '../site/write-site.ts'

/**
 * `docs serve`: serves the folder of the artifacts with the site in it, until it is interrupted.
 *
 * @throws DOCS_NOT_SERVED when there is nothing to serve, or the port is taken.
 */
export async function runDocsServe(session: CommandSession): Promise<number> {
  const { settings, log, targetFolder } = session
  const { signal } = session.host
  await ensureSite(targetFolder)
  const host = settings.text('host') ?? '127.0.0.1'
  await using server = await serveDocs({ folder: targetFolder, host, port: settings.number('port') ?? 8080 })
  const address = `http://${browsableHost(host)}:${server.port}`
  log.print(`Serving docs at ${server.port}`)
  log.print(`To access from your browser, navigate to: ${address}`)
  log.print('Press Ctrl+C to exit.')
  if (settings.isOn('browser')) openBrowser(address)
  if (!signal.aborted) await once(signal, 'abort')
  return 0
}

/** Artifacts of dbt, or of `parse`, are enough: the site is made of them when there is none. */
async function ensureSite(targetFolder: string): Promise<void> {
  try {
    await access(path.join(targetFolder, 'index.html'))
    return
  } catch {
    const { manifest, catalog = { nodes: {}, sources: {} }, ...results } = await readTarget(targetFolder)
    if (manifest === undefined) {
      throw new EclusaError('DOCS_NOT_SERVED', {
        message: `There is no docs site in ${targetFolder}, and no manifest.json to make one of.`,
        remedy: 'Run `docs generate` first.',
      })
    }
    await writeSite({ targetFolder, manifest, catalog, ...results, isStatic: false })
  }
}

/** Nobody can go to the address that means all of them. */
function browsableHost(host: string): string {
  if (['0.0.0.0', '::', ''].includes(host)) return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** As the system opens addresses. Where it cannot, the line with the address is enough. */
function openBrowser(address: string): void {
  const openers: Partial<Record<NodeJS.Platform, readonly [command: string, ...words: string[]]>> = {
    darwin: ['open', address],
    win32: ['cmd', '/c', 'start', '""', address],
  }
  const [command, ...words] = openers[process.platform] ?? ['xdg-open', address]
  spawn(command, words, { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}
