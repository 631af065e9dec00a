import type { QueryResult, Warehouse } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import { isAskedFor, openForTemplates, selectNodes, shownName } from './compile-command.ts'
import type { SelectedNodes } from './compile-command.ts'
import { commandInvalid } from './command-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { responseOf } from '../adapter/adapter-response.ts'
import { rememberStatement } from '../adapter/failed-statement.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { artifactPath } from '../compile/artifact-files.ts'
import { RunScope } from '../compile/run-scope.ts'
import { boundMacro } from '../context/macro-library.ts'
import { callDirectly } from '../jinja/call.ts'
import { jsonText } from '../jinja/json-text.ts'
import { textOf } from '../jinja/python-text.ts'
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
 * `show`: rows of models, or of the SQL of `--inline`; `--limit` of them, all for a negative number. `--inline-direct`
 * sends SQL as it stands.
 *
 * @throws COMMAND_INVALID when nothing is selected.
 */
export async function runShow(session: CommandSession): Promise<number> {
  const { settings } = session
  const direct = settings.text('inline_direct')
  if (direct !== undefined) return await showDirectly(session, direct)
  if (settings.selection.select.length === 0 && settings.text('inline') === undefined) {
    throw commandInvalid('Either --select or --inline must be passed to show')
  }
  return await showSelected(session, await selectNodes('show', session))
}

async function showDirectly(session: CommandSession, sql: string): Promise<number> {
  const { settings, host } = session
  const profile = await session.readProfile()
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  const rows = await readRows(warehouse, sql, host.signal)
  const limit = settings.number('limit') ?? 5
  const shown = { ...rows, rows: limit < 0 ? rows.rows : rows.rows.slice(0, limit) }
  showTable(session, AgateTable.fromQuery(shown), undefined)
  return 0
}

async function showSelected(session: CommandSession, selected: SelectedNodes): Promise<number> {
  const { settings, host } = session
  const { profile, project, ids, isInline } = selected
  if (!isInline) await session.writeManifest(project)
  await using warehouse = await openForTemplates(session, profile)
  const deferral = await readDeferral(session, project)
  const execution = { ...settings.execution, threads: profile.target.threads }
  const nodes = await compileNodes(project, {
    ids,
    warehouse,
    execution,
    ...(deferral === undefined ? {} : { deferral }),
    signal: host.signal,
  })
  const run = new RunScope({ project, command: 'show', execution, selected: ids, signal: host.signal })
  const results: RunResult[] = []
  const startedAtMs = performance.now()
  for (const id of ids) {
    const node = nodes.get(id) ?? project.manifest.nodes[id]
    if (node === undefined || !isAskedFor(node, selected, session)) continue
    const startedAt = new Date()
    const code = node.compiled_code ?? `select * from ${project.scope.dialect.formatRelation(relationOf(node))}`
    const sent = await limitedSql(run, node, { code, limit: settings.number('limit') ?? 5, warehouse })
    const rows = await readRows(warehouse, sent, host.signal).catch((error: unknown) => {
      rememberStatement(error, sent)
      const compiledPath = artifactPath(project, node, 'compiled')
      throw nodeFailed(node, error, { compiledPath, compiledCode: node.compiled_code ?? undefined })
    })
    showTable(session, AgateTable.fromQuery(rows), isInline ? undefined : shownName(node))
    const result = compileResult({ ...node, compiled_code: sent }, startedAt)
    results.push({ ...result, adapter_response: responseOf(rows).toRecord() })
  }
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000
  await writeResults(session, project, { which: 'show', results, elapsedSeconds })
  return 0
}

/** What dbt sends: the macro `get_show_sql` puts the model's header before the query, and the limit behind it. */
async function limitedSql(
  run: RunScope,
  node: ManifestNode,
  { code, limit, warehouse }: { readonly code: string; readonly limit: number; readonly warehouse: Warehouse },
): Promise<string> {
  await using connection = await warehouse.connect()
  await using session = new AdapterSession({ connection, cache: new RelationCache(), signal: run.signal })
  const context = run.contextOf(node, { ...node }, { session })
  const macro = run.scope.macros.find('get_show_sql', run.project.name)!
  const header = node.config['sql_header']
  const args = { compiled_code: code, sql_header: header ?? null, limit: limit < 0 ? null : limit }
  return textOf(await callDirectly(boundMacro(context, macro), [], args)).trim()
}

async function readRows(warehouse: Warehouse, sql: string, signal: AbortSignal): Promise<QueryResult> {
  await using connection = await warehouse.connect()
  return await connection.query(sql, { signal })
}

/** @param name of the node; undefined for a query that belongs to none */
function showTable({ log, settings }: CommandSession, table: AgateTable, name: string | undefined): void {
  if (settings.text('output') === 'json') {
    const shown = { ...(name === undefined ? {} : { node: name }), show: tableJson(table) }
    log.print(jsonText(shown, { indent: 2 }))
    return
  }
  const text = tableText(table, printOptions)
  if (settings.isOn('quiet')) log.print(text)
  else log.info(name === undefined ? `Previewing inline node:\n${text}` : `Previewing node '${name}':\n${text}`)
}
