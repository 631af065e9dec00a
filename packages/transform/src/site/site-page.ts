import type { MacroEntry, UnitTest, UnitTestFixture } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { Constraint } from '../manifest/node.ts'
import type { RunResult } from '../manifest/run-result.ts'
import type { PageColumn, PageFixture, PagePastRun, PageRun, SitePage } from '../site-view/site-data.ts'
import { escapeHtml } from './markdown.ts'
import { constraintText, pageColumns } from './page-columns.ts'
import { pageFacts } from './page-facts.ts'
import { configSettings, settingText, settingsOf } from './page-settings.ts'
import { fieldOf, textOf, textsOf } from './site-entries.ts'
import type { SiteEntry } from './site-entries.ts'
import { filled, positionsOf, withoutAbsent } from './site-index.ts'
import type { SiteScope } from './site-index.ts'

/** Everything that is shown of one entry. */
export function sitePage(scope: SiteScope, entry: SiteEntry): SitePage {
  const { unique_id: id, resource_type: kind } = entry
  const tests = (scope.tests.get(id) ?? []).map(({ unique_id: test }) => test)
  const constraints = (fieldOf(entry, 'constraints') ?? []) as readonly Constraint[]
  return withoutAbsent<SitePage>({
    description: descriptionOf(scope, entry),
    facts: pageFacts(scope, entry),
    columns: filled(pageColumns(scope, entry)),
    parameters: kind === 'macro' ? filled(parametersOf(scope, entry as MacroEntry)) : undefined,
    tests: filled(positionsOf(scope, tests)),
    macros: filled(positionsOf(scope, textsOf(entry, 'depends_on', 'macros'))),
    code: textOf(entry, 'raw_code') ?? textOf(entry, 'macro_sql'),
    compiledCode: compiledCodeOf(scope, entry),
    config: filled(configSettings(entry)),
    meta: filled(settingsOf(fieldOf(entry, 'meta'))),
    constraints: filled(constraints.map(constraintText)),
    fixtures: kind === 'unit_test' ? fixturesOf(entry as UnitTest) : undefined,
    lastRun: lastRunOf(scope, id),
    history: filled(historyOf(scope, id)),
  })
}

function descriptionOf({ markdown }: SiteScope, entry: SiteEntry): string | undefined {
  const own = markdown.render(textOf(entry, 'description'))
  const ofSource = markdown.render(textOf(entry, 'source_description'))
  if (ofSource === undefined) return own
  return `${own ?? ''}<h3>About ${escapeHtml(textOf(entry, 'source_name') ?? '')}</h3>${ofSource}`
}

function parametersOf({ markdown }: SiteScope, entry: MacroEntry): PageColumn[] {
  return (entry.arguments ?? []).map(({ name, type, description }) =>
    withoutAbsent<PageColumn>({ name, type: type ?? undefined, description: markdown.render(description) }),
  )
}

/** A run compiled it too: it is there without `docs generate` having compiled anything. */
function compiledCodeOf({ material }: SiteScope, entry: SiteEntry): string | undefined {
  const { unique_id: id } = entry
  return textOf(entry, 'compiled_code') ?? material.runs[0]?.details?.get(id)?.compiled_code ?? undefined
}

function fixturesOf({ given, expect }: UnitTest): PageFixture[] {
  return [...given.map((fixture) => fixtureOf(`Given ${fixture.input}`, fixture)), fixtureOf('Expected', expect)]
}

function fixtureOf(title: string, { rows, fixture }: UnitTestFixture): PageFixture {
  if (!Array.isArray(rows)) return { title, columns: [], rows: [], text: (rows as string | null) ?? fixture ?? '' }
  const records = rows.filter(isRecord)
  const columns = [...new Set(records.flatMap((row) => Object.keys(row)))]
  const cell = (value: unknown) => (value === undefined ? '' : value === null ? 'null' : settingText(value))
  return { title, columns, rows: records.map((row) => columns.map((column) => cell(row[column]))) }
}

function lastRunOf({ material }: SiteScope, id: string): PageRun | undefined {
  const run = material.runs.find(({ results }) => id in results)
  const result = run?.details?.get(id)
  if (run === undefined) return undefined
  const [status, seconds] = run.results[id]!
  return withoutAbsent<PageRun>({
    status,
    at: run.at,
    command: run.command,
    seconds,
    message: result?.message ?? undefined,
    failures: result?.failures ?? undefined,
    rowsAffected: rowsAffected(result),
    steps: (result?.timing ?? []).flatMap(({ name, started_at: from, completed_at: to }) =>
      from === null || to === null ? [] : [{ name, startedAt: from, seconds: secondsBetween(from, to) }],
    ),
  })
}

function rowsAffected(result: RunResult | undefined): number | undefined {
  const rows = result?.adapter_response['rows_affected']
  return typeof rows === 'number' && rows >= 0 ? rows : undefined
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000
}

function historyOf({ material }: SiteScope, id: string): PagePastRun[] {
  return material.runs.flatMap(({ results }, run) => {
    const [status, seconds] = results[id] ?? []
    return status === undefined || seconds === undefined ? [] : [{ run, status, seconds }]
  })
}
