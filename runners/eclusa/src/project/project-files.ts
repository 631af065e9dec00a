import { stringify } from 'yaml'

/** What a new project is about: the embedded sales database, or a PostgreSQL of the user's. */
export interface NewProject {
  readonly name: string
  /** Path of the DuckDB file, relative to the project; or an endpoint of this machine that stands for Snowflake. */
  readonly warehouse: string | LocalSnowflake
  readonly source: NewSalesDemoSource | NewPostgresSource
}

/** A project that writes to a file: the only kind that `init` makes. */
export type FileProject = NewProject & { readonly warehouse: string }

/** Where a snowflake-local listens. */
export interface LocalSnowflake {
  readonly account: string
  readonly host: string
  readonly port: number
  readonly user: string
  /** Relative to the project. */
  readonly passwordFile: string
  readonly warehouse: string
  readonly database: string
}

export interface NewSalesDemoSource {
  readonly connector: 'sales_demo'
  /** 1 is a million orders. */
  readonly scale: number
}

export interface NewPostgresSource {
  readonly connector: 'postgres'
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  /** The environment variable that holds the password; it is never written down. */
  readonly passwordVariable: string
  readonly sslMode: string
  /** Schemas whose tables move. */
  readonly schemas: readonly string[]
}

/** Where editors find the schema, beside the configuration so that it works offline. */
export const schemaPath = '.eclusa/eclusa.schema.json'

/** The text of a project's eclusa.yaml. */
export function configText(project: NewProject): string {
  const isDemo = project.source.connector === 'sales_demo'
  const streams = project.source.connector === 'sales_demo' ? ['sales'] : project.source.schemas
  return `# yaml-language-server: $schema=./${schemaPath}
# All that can be written here: \`eclusa schema\`, or docs/reference/config.md.
version: 1
name: ${scalar(project.name)}

${project.source.connector === 'sales_demo' ? salesDemoText(project.source) : postgresText(project.source)}

${destinationText(project.warehouse)}

# Streams by name or pattern; an object says how a stream moves:
#   - { name: ${streams[0]}.orders, sync_mode: incremental, cursor: updated_at }
streams:
${streams.map((schema) => `  - ${scalar(`${schema}.*`)}`).join('\n')}
${isDemo ? demoSteps : commentedSteps}`
}

function destinationText(warehouse: NewProject['warehouse']): string {
  if (typeof warehouse === 'string') return `destination:\n  connector: duckdb\n  path: ${scalar(warehouse)}`
  return `# An account of your own instead: its account, user, warehouse and database, credentials by key pair, no host, port and protocol.
destination:
  connector: snowflake
  account: ${scalar(warehouse.account)}
  host: ${scalar(warehouse.host)}
  port: ${warehouse.port}
  protocol: http
  username: ${scalar(warehouse.user)}
  credentials:
    auth_type: password
    password: ${scalar(`\${file:${warehouse.passwordFile}}`)}
  warehouse: ${scalar(warehouse.warehouse)}
  database: ${scalar(warehouse.database)}`
}

const demoSteps = `
# What runs in the warehouse after loading: a dbt project that builds the star schema.
steps:
  - transform:
      project: ./dbt
`

const commentedSteps = `
# What runs in the warehouse after loading, such as a dbt project:
# steps:
#   - transform:
#       project: ./dbt
`

function salesDemoText({ scale }: NewSalesDemoSource): string {
  return `# An embedded PostgreSQL with the database of a sales company, made anew whenever it is needed.
# Your own database instead:
#   source:
#     connector: postgres
#     host: localhost
#     database: sales
#     username: reader
#     password: \${env:PGPASSWORD}
source:
  connector: sales_demo
  scale: ${scale} # 1 is a million orders`
}

function postgresText(source: NewPostgresSource): string {
  return `source:
  connector: postgres
  host: ${scalar(source.host)}
  port: ${source.port}
  database: ${scalar(source.database)}
  username: ${scalar(source.username)}
  password: \${env:${source.passwordVariable}}
  ssl_mode: ${scalar(source.sslMode)}
  schemas: ${stringify(source.schemas, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()}`
}

/** Quoted only where YAML would take the text for something else. */
function scalar(text: string): string {
  return stringify(text, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
}

/** What of a project belongs to this machine alone. */
export const gitignoreText = `# The warehouse and the history of runs can be made again.
*.duckdb
*.duckdb.*
.eclusa/runs/
`
