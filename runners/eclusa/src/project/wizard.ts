import { cancel, intro, outro, select, text } from '@clack/prompts'
import type { FileProject, NewPostgresSource } from './project-files.ts'

/** Questions go where progress goes: stdout is for results. */
const output = process.stderr
const givenUp = new Error('the person at the terminal gave up')

/** Asks for a project at the terminal, with what is given as suggestions. Undefined when the person gives up. */
export async function askForProject(given: FileProject): Promise<FileProject | undefined> {
  intro('A new eclusa project', { output })
  try {
    const project = await ask(given)
    outro('That is all.', { output })
    return project
  } catch (error) {
    if (error !== givenUp) throw error
    cancel('Nothing was written.', { output })
    return undefined
  }
}

async function ask(given: FileProject): Promise<FileProject> {
  const name = await askText('Name of the pipeline', given.name, /^[A-Za-z][A-Za-z0-9_-]{0,62}$/u)
  const kind = await answered(
    select({
      message: 'Where do the rows come from?',
      options: [
        { value: 'sales_demo', label: 'The sales demo', hint: 'an embedded PostgreSQL, runs offline' },
        { value: 'postgres', label: 'A PostgreSQL of mine' },
      ] as const,
      output,
    }),
  )
  const source = kind === 'postgres' ? await askPostgres() : { connector: 'sales_demo' as const, scale: 0.01 }
  const warehouse = await askText('DuckDB file to write to', given.warehouse)
  return { name, source, warehouse }
}

async function askPostgres(): Promise<NewPostgresSource> {
  const host = await askText('Host', 'localhost')
  const port = Number(await askText('Port', '5432', /^[1-9]\d{0,4}$/u))
  const database = await askText('Database', 'postgres')
  const username = await askText('Role that reads', 'postgres')
  const passwordVariable = await askText(
    'Environment variable that holds the password (the password itself is never written down)',
    'PGPASSWORD',
    /^[A-Za-z_][A-Za-z0-9_]*$/u,
  )
  const sslMode = await answered(
    select({
      message: 'TLS',
      options: [
        { value: 'prefer', label: 'if the server offers it' },
        { value: 'require', label: 'always, whoever the server is' },
        { value: 'verify-full', label: 'always, and the certificate must be right' },
        { value: 'disable', label: 'never' },
      ],
      output,
    }),
  )
  const schemas = (await askText('Schemas whose tables move, separated by commas', 'public'))
    .split(',')
    .map((schema) => schema.trim())
  return { connector: 'postgres', host, port, database, username, passwordVariable, sslMode, schemas }
}

async function askText(message: string, suggestion: string, pattern = /\S/u): Promise<string> {
  const validate = (value: string | undefined) =>
    value === undefined || value === '' || pattern.test(value) ? undefined : 'That does not fit here.'
  return await answered(text({ message, placeholder: suggestion, defaultValue: suggestion, validate, output }))
}

async function answered<Answer extends string>(prompt: Promise<Answer | symbol>): Promise<Answer> {
  const answer = await prompt
  if (typeof answer === 'symbol') throw givenUp
  return answer
}
