import type { QueryResult, Warehouse } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import { isAskedFor, selectNodes, shownName } from './compile-command.ts'
import { commandInvalid } from './command-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { responseOf } from '../adapter/adapter-response.ts'
import { rememberStatement } from '../adapter/failed-statement.ts'
import { artifactPath } from '../compile/artifact-files.ts'
import { readDeferral } from './read-deferral.ts'
import { relationOf } from '../manifest/node.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { AgateTable } from '../python/agate-table.ts'
import { tableJson } from './table-json.ts'
import { writeResults } from './write-results.ts'
import { tableText } from '../python/table-text.ts'
import { compileNodes } from '../run/compile-nodes.ts'
import { compileResult } from '../run/compile-result.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { nodeFailed } from '../run/node-failure.ts'

/** As agate prints tables where it is not told otherwise, which is how dbt shows them. */
const printOptions = { columnsMax: 6, columnWidthMax: 20, precisionMax: 3 }

/**
 * `show`: rows of models, or of the SQL of `--inline`; `--limit` of them, all for a negative number.
 *
 * @throws COMMAND_INVALID when nothing is selected.
 */
export async function runShow(session: CommandSession): Promise<number> {
  const { settings, host } = session
  if (settings.selection.select.length === 0 && settings.text('inline') === undefined) {
    throw commandInvalid('Either --select or --inline must be passed to show.')
  }
  const selected = await selectNodes('show', session)
  const { profile, project, ids, isInline } = selected
  if (!isInline) await session.writeManifest(project)
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  const deferral = await readDeferral(session, project)
  const nodes = await compileNodes(project, {
    ids,
    warehouse,
    execution: { ...settings.execution, threads: profile.target.threads },
    ...(deferral === undefined ? {} : { deferral }),
    signal: host.signal,
  })
  const results: RunResult[] = []
  const startedAtMs = performance.now()
  for (const id of ids) {
    const node = nodes.get(id) ?? project.manifest.nodes[id]
    if (node === undefined || !isAskedFor(node, selected, session)) continue
    const sql = node.compiled_code ?? `select * from ${project.scope.dialect.formatRelation(relationOf(node))}`
    const sent = withHeader(limited(sql, settings.number('limit') ?? 5), node)
    const startedAt = new Date()
    const rows = await readRows(warehouse, sent, host.signal).catch((error: unknown) => {
      rememberStatement(error, sent)
      const compiledPath = artifactPath(project, node, 'compiled')
      throw nodeFailed(node, error, { compiledPath, compiledCode: node.compiled_code ?? undefined })
    })
    showTable(session, { node, table: AgateTable.fromQuery(rows), isInline })
    const result = compileResult({ ...node, compiled_code: sent }, startedAt)
    results.push({ ...result, adapter_response: responseOf(rows).toRecord() })
  }
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000
  await writeResults(session, project, { which: 'show', results, elapsedSeconds })
  return 0
}

/** On lines of its own, as the model may end in a comment. */
function limited(sql: string, limit: number): string {
  return limit < 0 ? sql : `${sql}\nlimit ${limit}`
}

/** What the model sets up before its query. */
function withHeader(sql: string, { config }: ManifestNode): string {
  const header = config['sql_header']
  return typeof header === 'string' ? `${header}\n${sql}` : sql
}

async function readRows(warehouse: Warehouse, sql: string, signal: AbortSignal): Promise<QueryResult> {
  await using connection = await warehouse.connect()
  return await connection.query(sql, { signal })
}

function showTable(
  { log, settings }: CommandSession,
  { node, table, isInline }: { readonly node: ManifestNode; readonly table: AgateTable; readonly isInline: boolean },
): void {
  if (settings.text('output') === 'json') {
    const shown = { ...(isInline ? {} : { node: shownName(node) }), show: tableJson(table) }
    log.print(JSON.stringify(shown, null, 2))
    return
  }
  const text = tableText(table, printOptions)
  if (settings.isOn('quiet')) log.print(text)
  else log.info(isInline ? `Previewing inline node:\n${text}` : `Previewing node '${shownName(node)}':\n${text}`)
}
