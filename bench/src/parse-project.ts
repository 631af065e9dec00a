import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

const modelsPerFolder = 100

/**
 * Writes a dbt project of so many models: settings, one or two refs and three tests each, a hundred to a folder with
 * one properties file.
 */
export async function writeLargeProject(directory: string, models: number): Promise<void> {
  await writeProjectFiles(directory, 'large')
  for (let first = 0; first < models; first += modelsPerFolder) {
    const folder = path.join(directory, 'models', `part_${first / modelsPerFolder}`)
    await mkdir(folder, { recursive: true })
    const numbers = Array.from({ length: Math.min(modelsPerFolder, models - first) }, (_, index) => first + index)
    for (const number of numbers) await writeFile(path.join(folder, `model_${number}.sql`), modelText(number))
    await writeFile(path.join(folder, '_models.yml'), `version: 2\nmodels:\n${numbers.map(propertiesText).join('')}`)
  }
}

/** Writes a project of the size of jaffle_shop: three seeds, five models, twenty tests. */
export async function writeSmallProject(directory: string): Promise<void> {
  await writeProjectFiles(directory, 'small')
  await mkdir(path.join(directory, 'models'), { recursive: true })
  await mkdir(path.join(directory, 'seeds'), { recursive: true })
  for (const name of ['customers', 'orders', 'payments'])
    await writeFile(path.join(directory, 'seeds', `raw_${name}.csv`), 'id,v\n1,2\n')
  const numbers = [0, 1, 2, 3, 4]
  for (const number of numbers)
    await writeFile(path.join(directory, 'models', `model_${number}.sql`), modelText(number))
  const more = '      - { name: k, data_tests: [unique] }\n'
  const texts = numbers.map((number) => propertiesText(number) + more)
  await writeFile(path.join(directory, 'models', '_models.yml'), `version: 2\nmodels:\n${texts.join('')}`)
}

async function writeProjectFiles(directory: string, name: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(path.join(directory, 'dbt_project.yml'), `name: ${name}\nversion: '1.0'\nprofile: ${name}\n`)
  const output = '{ type: duckdb, path: bench.duckdb, threads: 1 }'
  await writeFile(path.join(directory, 'profiles.yml'), `${name}:\n  target: dev\n  outputs:\n    dev: ${output}\n`)
}

function modelText(number: number): string {
  const kind = number % 5 === 0 ? 'table' : 'view'
  const parents = number === 0 ? [] : [...new Set([Math.floor(number / 2), number - 1])]
  const rows = parents.map((parent) => `select id, v from {{ ref('model_${parent}') }}`)
  const from = rows.length === 0 ? 'select 1 as id, 2 as v' : rows.join('\nunion all\n')
  return `{{ config(materialized='${kind}', tags=['group_${number % 7}']) }}\n\nwith rows_of_all as (\n${from}\n)\nselect id, v, ${number} as k from rows_of_all\n`
}

function propertiesText(number: number): string {
  return [
    `  - name: model_${number}\n    description: Model number ${number}.\n    columns:\n`,
    '      - { name: id, description: The key., data_tests: [unique, not_null] }\n',
    '      - { name: v, data_tests: [not_null] }\n',
  ].join('')
}
