import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import type { RunScope } from '../compile/run-scope.ts'
import { dbtVersion } from '../context/base-names.ts'
import { nodeContext } from '../context/node-context.ts'
import type { ManifestNode } from '../manifest/node.ts'

/** Puts the comment of a node, or of none, on a statement that is about to be sent, and tells of it where `--debug` asks. */
export type QueryComment = (node: ManifestNode | undefined) => (sql: string) => string

/** Of the rows of a seed no more is told. */
const seedTextMax = 512

/**
 * `query-comment` of dbt_project.yml: a template rendered for each node; by default dbt's JSON that says who sends a
 * statement. Warehouses show it in their lists of queries.
 */
export function queryComment(run: RunScope): QueryComment {
  return (node) => {
    const comment = commentOf(run, node)
    return (sql) => {
      const sent = comment(sql)
      const isLong = node?.resource_type === 'seed' && sent.length > seedTextMax
      run.scope.log.debug(`On ${connectionNameOf(node)}: ${isLong ? `${sent.slice(0, seedTextMax)}...` : sent}`)
      return sent
    }
  }
}

function commentOf(run: RunScope, node: ManifestNode | undefined): (sql: string) => string {
  const { queryComment: configured } = run.project.settings
  if (configured === null) return (sql) => sql
  const append = configured?.append ?? false
  const text = (configured === undefined ? defaultComment(run, node) : rendered(run, configured.comment, node)).trim()
  if (text === '') return (sql) => sql
  if (text.includes('*/')) throw new OperationError('runtime', `query comment contains illegal value "*/": ${text}`)
  return append ? (sql) => appended(sql, text) : (sql) => `/* ${text} */\n${sql}`
}

function connectionNameOf(node: ManifestNode | undefined): string {
  return node?.unique_id ?? 'master'
}

function defaultComment({ scope, project }: RunScope, node: ManifestNode | undefined): string {
  const facts = {
    app: 'dbt',
    dbt_version: dbtVersion,
    profile_name: project.profile?.name ?? project.name,
    target_name: scope.target.name,
    ...(node === undefined ? {} : { node_id: node.unique_id }),
  }
  const entries = Object.entries(facts).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
  return `{${entries.join(', ')}}`
}

function rendered(run: RunScope, template: string, node: ManifestNode | undefined): string {
  const connectionName = connectionNameOf(node)
  const context = nodeContext(run.scope, {
    execute: true,
    model: { ...node },
    config: {},
    isIncremental: false,
    thisRelation: null,
    ref: () => null,
    source: () => null,
    setConfig: () => {},
    extra: {
      node: node ?? null,
      connection_name: connectionName,
      return: new NativeFunction('return', 'data', (value: unknown) => value),
    },
  })
  return run.project.environment.parse(template, 'query-comment').render(context)
}

function appended(sql: string, text: string): string {
  const body = sql.trimEnd()
  return body.endsWith(';') ? `${body.slice(0, -1)}\n/* ${text} */;` : `${body}\n/* ${text} */`
}
