import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { installPackages } from './install-packages.ts'

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'deps-'))
  directory = path.join(folder, 'shop')
  await write('shop/dbt_project.yml', 'name: shop')
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
  await writeFile(path.join(folder, file), text)
}

async function install(packages: string, options: { readonly upgrade?: boolean; readonly lockOnly?: boolean } = {}) {
  await write('shop/packages.yml', packages)
  const lines: string[] = []
  const signal = AbortSignal.timeout(20_000)
  const registry = registryUrl()
  const emit = (line: string) => lines.push(line)
  const installed = await installPackages({ directory, context: {}, registry, signal, emit, ...options })
  return { installed: installed.map(({ name, label }) => `${name} ${label}`), lines }
}

async function faultOf(packages: string): Promise<EclusaError> {
  try {
    await install(packages)
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('the packages were installed')
}

const lock = async () => await readFile(path.join(directory, 'package-lock.yml'), 'utf8')

/** What the registry offers: for each package its versions, and what each of those asks for. */
const offered: Record<string, Record<string, string>> = {
  'acme/tools': {
    '1.0.0': '',
    '1.1.0': '',
    '1.2.0': '',
    '2.0.0': '',
    '2.1.0-rc1': '',
  },
  'acme/reports': { '0.3.0': 'packages: [{ package: acme/tools, version: [">=1.0.0", "<1.2.0"] }]' },
}

let server: ReturnType<typeof createServer>
let requests: string[] = []
const registryUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

beforeAll(async () => {
  const archives = await mkdtemp(path.join(tmpdir(), 'registry-'))
  server = createServer((request, response) => {
    const url = request.url ?? ''
    requests.push(url)
    void answer(url, archives).then(
      (body) => response.end(body),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => void server.close(resolve))
})

async function answer(url: string, archives: string): Promise<string | Buffer> {
  const [, name = ''] = /^\/api\/v1\/(.+)\.json$/u.exec(url) ?? []
  const versions = offered[name]
  if (versions !== undefined) {
    const short = path.posix.basename(name)
    const entryOf = (version: string) => ({ name: short, downloads: { tarball: `${registryUrl()}${name}/${version}` } })
    return JSON.stringify({
      versions: Object.fromEntries(Object.keys(versions).map((version) => [version, entryOf(version)])),
    })
  }
  const [, owner = '', short = '', version = ''] = url.split('/')
  const packages = offered[`${owner}/${short}`]?.[version]
  if (packages === undefined) throw new Error('unknown')
  // The long name takes the archive beyond what a plain tar header can hold.
  const top = `${short}-${version}-${'x'.repeat(110)}`
  const place = path.join(archives, top)
  await mkdir(path.join(place, 'macros'), { recursive: true })
  await writeFile(path.join(place, 'dbt_project.yml'), `name: ${short}\nversion: ${version}\n`)
  await writeFile(path.join(place, 'macros', `${short}.sql`), `{% macro ${short}_version() %}${version}{% endmacro %}`)
  if (packages !== '') await writeFile(path.join(place, 'packages.yml'), packages)
  return execFileSync('tar', ['-czf', '-', '-C', archives, top])
}

describe('packages', () => {
  it('links to a local one, and notes it as dbt does', async () => {
    await write('tools/dbt_project.yml', 'name: toolbox')
    const { installed, lines } = await install('packages:\n  - local: ../tools\n')
    expect(installed).toEqual(['toolbox <local @ ../tools>'])
    expect(lines).toEqual(['Installing toolbox', 'Installed from <local @ ../tools>'])
    expect((await lstat(path.join(directory, 'dbt_packages/toolbox'))).isSymbolicLink()).toBe(true)
    expect(await lock()).toMatch(/^packages:\n {2}- local: \.\.\/tools\n {4}name: toolbox\nsha1_hash: [0-9a-f]{40}\n$/u)
  })

  it('marks the list as dbt marks it', async () => {
    await write('lib2/dbt_project.yml', 'name: lib_two')
    await install('packages:\n  - local: ../lib2\n', { lockOnly: true })
    // What `dbt deps` of dbt-core 1.10.23 wrote for this list.
    expect(await lock()).toContain('sha1_hash: 5ba6591d0a56f669228959bb3c3c3d10bbfcef1e')
  })

  it('takes a revision out of a git repository, and what it asks for', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=a', ...args], {
        cwd: path.join(folder, 'repository'),
      })
    await write('repository/inner/dbt_project.yml', 'name: inner\nversion: 1')
    await write('repository/inner/packages.yml', 'packages: [{ package: acme/tools, version: 1.0.0 }]')
    git('init', '--quiet')
    git('add', '.')
    git('commit', '--quiet', '-m', 'one')
    git('tag', 'v1')
    const commit = git('rev-parse', 'HEAD').toString().trim()
    await write('repository/inner/dbt_project.yml', 'name: inner\nversion: 2')
    git('commit', '--quiet', '-am', 'two')
    const url = `file://${path.join(folder, 'repository')}`
    const { installed } = await install(`packages:\n  - git: "${url}"\n    revision: v1\n    subdirectory: inner\n`)
    expect(installed).toEqual([`inner revision ${commit}`, 'tools version 1.0.0'])
    expect(await readFile(path.join(directory, 'dbt_packages/inner/dbt_project.yml'), 'utf8')).toBe(
      'name: inner\nversion: 1',
    )
    expect(await readdir(path.join(directory, 'dbt_packages'))).toEqual(['inner', 'tools'])
  })

  it.each([
    ['1.0.0', '1.0.0'],
    ['[">=1.0.0", "<2.0.0"]', '1.2.0'],
    ['">=1.0.0,<=1.1.0"', '1.1.0'],
    ['">1.0.0"', '2.0.0'],
    ['">=2.1.0-rc1"', '2.1.0-rc1'],
  ])('of the registry are installed in the highest version within %s', async (range, version) => {
    const { installed } = await install(`packages:\n  - package: acme/tools\n    version: ${range}\n`)
    expect(installed).toEqual([`tools version ${version}`])
    expect(await readFile(path.join(directory, 'dbt_packages/tools/macros/tools.sql'), 'utf8')).toContain(version)
  })

  it('come in a version that fits all that ask for them', async () => {
    const { installed } = await install(
      'packages:\n  - { package: acme/tools, version: ">=1.0.0" }\n  - { package: acme/reports, version: 0.3.0 }\n',
    )
    expect(installed).toEqual(['tools version 1.1.0', 'reports version 0.3.0'])
  })

  it('stay at the locked version until packages.yml changes or an upgrade is asked for', async () => {
    const packages = 'packages:\n  - package: acme/tools\n    version: ">=1.0.0"\n'
    await install(packages)
    await writeFile(
      path.join(directory, 'package-lock.yml'),
      (await lock()).replace('version: 2.0.0', 'version: 1.1.0'),
    )
    expect((await install(packages)).installed).toEqual(['tools version 1.1.0'])
    expect((await install(packages, { upgrade: true })).installed).toEqual(['tools version 2.0.0'])
  })

  it('are not installed when only the lock is asked for', async () => {
    requests = []
    await install('packages:\n  - { package: acme/tools, version: 1.0.0 }\n', { lockOnly: true })
    expect(await lock()).toContain('package: acme/tools')
    await expect(readdir(path.join(directory, 'dbt_packages'))).rejects.toThrow(/ENOENT/u)
    expect(requests).toEqual(['/api/v1/acme/tools.json', '/acme/tools/1.0.0'])
  })

  it.each([
    ['packages: [{ package: acme/tools, version: ">3.0.0" }]', /acme\/tools in a version >3\.0\.0.*1\.2\.0, 2\.0\.0/u],
    ['packages: [{ package: acme/nothing, version: 1.0.0 }]', /acme\/nothing.*answered 404/u],
    ['packages: [{ local: ../nowhere }]', /\.\.\/nowhere.*no dbt_project\.yml/u],
    ['packages: [{ git: "file:///nowhere/at/all", revision: main }]', /nowhere\/at\/all at main/u],
  ])('that cannot be had are named: %s', async (packages, message) => {
    const error = await faultOf(packages)
    expect(error.code).toBe('PACKAGE_UNAVAILABLE')
    expect(error.message).toMatch(message)
  })

  it('that are written wrongly are named with their place', async () => {
    const error = await faultOf('packages:\n  - local: ../tools\n  - packge: acme/tools\n')
    expect(error.code).toBe('PROJECT_INVALID')
    expect(error.message).toMatch(/packages\.yml:3:5: packages\.1: names a package, git, local or tarball/u)
    expect((await faultOf('packages: [{ package: acme/tools, version: newest }]')).message).toMatch(
      /"newest" is no version/u,
    )
  })
})
