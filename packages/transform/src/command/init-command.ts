import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { CommandHost } from './command-host.ts'
import type { CommandLine } from './command-line.ts'

const projectFile = (name: string) => `name: ${name}
version: '1.0.0'
profile: ${name}

models:
  ${name}:
    example:
      +materialized: view
`

const profilesFile = (name: string) => `${name}:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: ${name}.duckdb
      schema: main
      threads: 4
`

const model = `{{ config(materialized='table') }}

select 1 as id
union all
select 2 as id
`

const downstream = `select *
from {{ ref('first_model') }}
where id = 1
`

const properties = `models:
  - name: first_model
    description: A model to begin with.
    columns:
      - name: id
        data_tests: [unique, not_null]
  - name: second_model
    columns:
      - name: id
        data_tests: [unique, not_null]
`

/**
 * `init <name>`: writes a project that builds at once, on a DuckDB file of its own.
 *
 * @throws COMMAND_INVALID without a name, or for a folder that holds something already.
 */
export async function runInit({ operands, given }: CommandLine, host: CommandHost): Promise<number> {
  const [name] = operands
  if (name === undefined || !/^[A-Za-z_]\w*$/u.test(name)) {
    throw new EclusaError('COMMAND_INVALID', {
      message: 'A project needs a name of letters, digits and underscores that does not begin with a digit.',
      remedy: `Run \`${host.program} init my_project\`.`,
    })
  }
  const directory = path.resolve(host.directory, name)
  const existing = await readdir(directory).catch(() => [])
  if (existing.length > 0) {
    throw new EclusaError('COMMAND_INVALID', { message: `There are files in ${directory}: choose another name.` })
  }
  const files = {
    'dbt_project.yml': projectFile(name),
    ...(given.get('skip_profile_setup') === true ? {} : { 'profiles.yml': profilesFile(name) }),
    'models/example/first_model.sql': model,
    'models/example/second_model.sql': downstream,
    'models/example/schema.yml': properties,
    '.gitignore': 'target/\nlogs/\ndbt_packages/\n*.duckdb\n',
  }
  for (const [file, text] of Object.entries(files)) {
    const place = path.join(directory, file)
    await mkdir(path.dirname(place), { recursive: true })
    await writeFile(place, text)
  }
  for (const folder of ['analyses', 'macros', 'seeds', 'snapshots', 'tests']) {
    await mkdir(path.join(directory, folder), { recursive: true })
    await writeFile(path.join(directory, folder, '.gitkeep'), '')
  }
  host.write(`Your new project "${name}" was created. Build it with: cd ${name} && ${host.program} build`)
  return 0
}
