import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProjectEnvironment } from '../context/macro-library.ts'
import { readProfile } from './profile.ts'
import type { Profile, ReadProfileOptions } from './profile.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'profile-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

const profiles = `
shop:
  target: "{{ env_var('SHOP_TARGET', 'dev') }}"
  outputs:
    dev: { type: duckdb, path: data/shop.duckdb, threads: 4 }
    memory: { type: duckdb, schema: other }
    prod:
      type: postgres
      host: "{{ env_var('PG_HOST') }}"
      port: "{{ env_var('PG_PORT', '5432') | as_number }}"
      user: loader
      pass: "{{not jinja"
      dbname: shop
      schema: "{{ var('schema', 'public') }}"
      threads: "{{ env_var('PG_THREADS', '3') | int }}"
    odd: { type: oracle, schema: a }
    none: { type: postgres, dbname: x }
    lettered: { type: postgres, dbname: x, schema: a, port: abc }
    idle: { type: postgres, dbname: x, schema: a, threads: 0 }
    other_file: { type: duckdb, path: a.duckdb, database: b }
    attached: { type: duckdb, path: a.duckdb, database: lake, attach: [{ path: b, alias: lake }] }
empty:
`

async function read(options: Partial<ReadProfileOptions> = {}, text = profiles): Promise<Profile> {
  await writeFile(path.join(directory, 'profiles.yml'), text)
  return await readProfile({
    environment: createProjectEnvironment(),
    profile: 'shop',
    workingDirectory: directory,
    vars: {},
    variables: { HOME: path.join(directory, 'home') },
    ...options,
  })
}

async function faultOf(options: Partial<ReadProfileOptions>): Promise<EclusaError> {
  try {
    await read(options)
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('the profile was read')
}

describe('a profile', () => {
  it("goes where its own target says, and names a DuckDB database after the path's file", async () => {
    expect(await read()).toMatchObject({
      name: 'shop',
      targetName: 'dev',
      type: 'duckdb',
      credentials: { path: 'data/shop.duckdb', database: 'shop', schema: 'main' },
      target: { name: 'dev', type: 'duckdb', database: 'shop', schema: 'main', threads: 4, profile_name: 'shop' },
    })
    expect((await read({ targetName: 'memory' })).target).toMatchObject({
      database: 'memory',
      schema: 'other',
      threads: 1,
    })
  })

  it('is rendered with variables of the environment and vars, only as far as the output that is used', async () => {
    const variables = { PG_HOST: 'db.example', SHOP_TARGET: 'prod', PG_THREADS: '8' }
    const profile = await read({ variables, vars: { schema: 'staging' } })
    expect(profile).toMatchObject({
      targetName: 'prod',
      credentials: { host: 'db.example', port: 5432, database: 'shop', password: '{{not jinja' },
      target: { name: 'prod', schema: 'staging', threads: 8 },
    })
    const error = await faultOf({ targetName: 'prod' })
    expect(error.message).toMatch(/profiles\.yml:9:13: Env var required but not provided: 'PG_HOST'/u)
  })

  it('keeps its secrets out of what templates see', async () => {
    const { target } = await read({ targetName: 'prod', variables: { PG_HOST: 'a' } })
    expect(JSON.stringify(target)).not.toContain('not jinja')
  })

  it('gives way to a number of threads that was asked for', async () => {
    expect((await read({ threads: 9 })).target.threads).toBe(9)
  })

  it('is looked for in the folder that is named, then in the working directory, then at home', async () => {
    const home = path.join(directory, 'home')
    const named = path.join(directory, 'named')
    const work = path.join(directory, 'work')
    for (const folder of [path.join(home, '.dbt'), named, work]) {
      await mkdir(folder, { recursive: true })
      const output = `{ type: duckdb, schema: ${path.basename(folder).replace('.', '')} }`
      await writeFile(path.join(folder, 'profiles.yml'), `shop: { outputs: { default: ${output} } }`)
    }
    const schemaOf = async (options: Partial<ReadProfileOptions>) =>
      (await read({ workingDirectory: work, ...options })).target.schema
    expect(await schemaOf({ profilesDirectory: named })).toBe('named')
    expect(await schemaOf({ variables: { DBT_PROFILES_DIR: named } })).toBe('named')
    expect(await schemaOf({ variables: { HOME: home } })).toBe('work')
    await rm(path.join(work, 'profiles.yml'))
    expect(await schemaOf({ variables: { HOME: home } })).toBe('dbt')
    expect((await faultOf({ workingDirectory: work, variables: { HOME: work } })).message).toMatch(
      /no profiles\.yml in .*work or .*work\/\.dbt/u,
    )
  })

  it.each([
    [{ profile: undefined }, /names no profile/u],
    [
      { profile: 'shp' },
      /Could not find profile named 'shp'\. The profiles are shop, empty \(did you mean "shop"\?\)/u,
    ],
    [{ profile: 'empty' }, /Could not find profile named 'empty'/u],
    [
      { targetName: 'prd' },
      /profiles\.yml:\d+:\d+: The profile 'shop' does not have a target named 'prd'\..*did you mean "prod"/u,
    ],
    [{ targetName: 'odd' }, /profiles\.yml:\d+:\d+: type is "oracle": it is duckdb, postgres or snowflake/u],
    [{ targetName: 'none' }, /the target "none" has no schema/u],
    [{ targetName: 'other_file' }, /the path makes the database "a"/u],
    [{ targetName: 'lettered' }, /profiles\.yml:\d+:\d+: port is a whole number/u],
    [{ targetName: 'idle' }, /profiles\.yml:\d+:\d+: threads is a whole number from 1/u],
  ])('is refused with its place: %j', async (options, message) => {
    const error = await faultOf(options)
    expect(error.code).toBe('PROJECT_INVALID')
    expect(error.message).toMatch(message)
  })

  it('is not blamed for the threads that the command line asks for', async () => {
    const error = await faultOf({ threads: 0 })
    expect(error).toMatchObject({ code: 'COMMAND_INVALID', message: "'--threads': '0' is not a whole number from 1." })
  })

  it('may write to a database that it attaches', async () => {
    expect((await read({ targetName: 'attached' })).target.database).toBe('lake')
  })
})
