import type { Table } from '../catalog/catalog-object.ts'
import type { Merge, MergeBranch } from '../parse/ast-dml.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { emptyScope } from '../translate/scope.ts'
import type { BoundRelation, Scope } from '../translate/scope.ts'
import { quoteName } from '../translate/sql-text.ts'
import { condition } from '../translate/translate-expression.ts'
import { translateFrom } from '../translate/translate-table.ts'
import type { Translator } from '../translate/translator.ts'
import { keepRows } from '../version/row-history.ts'
import { nextVersion } from '../version/statement-version.ts'
import { readNumber, runDuckdb } from './duckdb.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { assignments, runCounted, targetRelation } from './execute-dml.ts'
import { lockTable } from './lock-table.ts'
import { findTable } from './resolve.ts'
import { SqlError, compilationError } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import type { StatementResult } from './statement.ts'
import { atomically } from './transaction.ts'
import { countResult, statementTypes } from './wire.ts'
import { assignSql, columnNamed, defaultOf, defaultSql } from './write.ts'

/*
 * The join is made once, into a temporary table that has for each row of the source the row of the target that it
 * matches and the branch that takes it. From this come the counts by action and the check that no row of the target is
 * changed twice; then one statement for each branch.
 */

interface MergePlan {
  readonly session: SessionState
  readonly translator: Translator
  readonly table: Table
  readonly staged: string
  /** `t` and `s`, joined. */
  readonly rows: Scope
  readonly target: string
  readonly version: number
}

export async function executeMerge(scope: StatementScope, merge: Merge): Promise<StatementResult> {
  const { session } = scope
  const place = findTable(session, merge.table, privilegesOf(merge))
  const translator = makeTranslator(environmentOf(scope))
  const using = translateFrom(translator, merge.using, undefined)
  const columns = using.relations.flatMap((relation) => relation.columns)
  const source = sourceRelations(using.relations)
  const target = targetRelation(place, merge.alias?.name, 't')
  const plan = {
    session,
    translator,
    table: place.object,
    staged: `merge_${session.sessionId.replaceAll(/\W/gu, '_')}`,
    rows: { ...emptyScope, relations: [target, ...source] },
    target: quoteName(place.object.physical),
  }
  const list = columns.map((column, index) => `${column.sql} AS c${index + 1}`).join(', ')
  const sourceSql = `(SELECT ${list === '' ? '1 AS c1' : list} FROM ${using.sql}) AS s`
  await lockTable(scope, place.object, 'write')
  const counts = await atomically(
    session,
    async () => await mergeRows({ ...plan, version: await nextVersion(scope) }, merge, sourceSql),
  )
  return countResult(counts, statementTypes.merge)
}

function privilegesOf({ branches }: Merge): readonly string[] {
  return branches.map(({ kind }) => kind.toUpperCase())
}

/** The columns of the source by their place in `s`, under the names that they had. */
function sourceRelations(relations: readonly BoundRelation[]): readonly BoundRelation[] {
  let place = 0
  return relations.map(({ name, columns }) => ({
    name,
    columns: columns.map((column) => {
      place += 1
      return { ...column, sql: `s.c${place}` }
    }),
  }))
}

async function mergeRows(plan: MergePlan, { branches, on }: Merge, sourceSql: string): Promise<Record<string, number>> {
  const { session, translator, staged, target, rows } = plan
  const matched = branches.map((branch, index) => branchTest(translator, branch, index, rows))
  await runDuckdb(
    session.connection,
    `CREATE OR REPLACE TEMP TABLE ${staged} AS SELECT s.*, t.rowid AS target_row, CASE ${matched.join(' ')} END AS branch FROM ${sourceSql} LEFT JOIN ${target} AS t ON ${condition(translator, on, rows)}`,
  )
  await refuseAmbiguity(plan, branches)
  await keepChanged(plan, branches)
  const counts: Record<string, number> = {}
  for (const kind of ['insert', 'update', 'delete'] as const) {
    if (branches.some((branch) => branch.kind === kind))
      counts[`number of rows ${kind === 'insert' ? 'inserted' : `${kind}d`}`] = 0
  }
  // Inserts come last: what they add is not to be matched.
  const order = branches
    .map((branch, index) => ({ branch, index }))
    .toSorted((one, other) => rank(one.branch) - rank(other.branch))
  for (const { branch, index } of order) {
    const name = `number of rows ${branch.kind === 'insert' ? 'inserted' : `${branch.kind}d`}`
    counts[name] = (counts[name] ?? 0) + (await runCounted(session.connection, branchSql(plan, branch, index)))
  }
  await runDuckdb(session.connection, `DROP TABLE ${staged}`)
  return counts
}

function rank({ kind }: MergeBranch): number {
  return ['update', 'delete', 'insert'].indexOf(kind)
}

function branchTest(translator: Translator, branch: MergeBranch, index: number, rows: Scope): string {
  const side = branch.kind === 'insert' ? 't.rowid IS NULL' : 't.rowid IS NOT NULL'
  const more = branch.condition === undefined ? '' : ` AND ${condition(translator, branch.condition, rows)}`
  return `WHEN ${side}${more} THEN ${index}`
}

async function refuseAmbiguity({ session, staged }: MergePlan, branches: readonly MergeBranch[]): Promise<void> {
  const updates = branches.flatMap(({ kind }, index) => (kind === 'update' ? [index] : []))
  if (updates.length === 0) return
  // Any number of rows may delete one row; as soon as one of several updates it, which wins is not determined.
  const twice = `SELECT target_row FROM ${staged} WHERE target_row IS NOT NULL AND branch IS NOT NULL GROUP BY target_row HAVING count(*) > 1 AND bool_or(branch IN (${updates.join(', ')}))`
  if ((await readNumber(session.connection, `SELECT count(*) FROM (${twice} LIMIT 1)`)) === 0) return
  throw new SqlError({ code: '100090', sqlState: '42P18', message: 'Duplicate row detected during DML action' })
}

async function keepChanged(
  { session, table, staged, version }: MergePlan,
  branches: readonly MergeBranch[],
): Promise<void> {
  const changing = branches.flatMap(({ kind }, index) => (kind === 'insert' ? [] : [index]))
  if (changing.length === 0) return
  await keepRows(session, table, {
    version,
    rows: `SELECT target_row FROM ${staged} WHERE branch IN (${changing.join(', ')})`,
  })
}

function branchSql(plan: MergePlan, branch: MergeBranch, index: number): string {
  const { staged, target, table, translator, rows } = plan
  const mine = `t.rowid = s.target_row AND s.branch = ${index}`
  switch (branch.kind) {
    case 'delete':
      return `DELETE FROM ${target} AS t USING ${staged} AS s WHERE ${mine}`
    case 'update':
      return `UPDATE ${target} AS t SET ${assignments(translator, table, branch.set, rows)}, _v = ${plan.version} FROM ${staged} AS s WHERE ${mine}`
    case 'insert':
      return `INSERT INTO ${target} (${table.columns.map(({ physical }) => quoteName(physical)).join(', ')}) SELECT ${insertedValues(plan, branch)} FROM ${staged} AS s WHERE s.branch = ${index}`
  }
}

/** Only the source can be named here: there is no row of the target. */
function insertedValues({ table, translator, rows }: MergePlan, branch: MergeBranch & { kind: 'insert' }): string {
  const named = branch.columns.length === 0 ? table.columns : branch.columns.map((name) => columnNamed(table, name))
  if (named.length !== branch.values.length) {
    throw compilationError(
      '001039',
      '21S01',
      `Insert value list does not match column list expecting ${named.length} but got ${branch.values.length}`,
    )
  }
  const source: Scope = { ...rows, relations: rows.relations.slice(1) }
  const values = table.columns.map((column) => {
    const value = branch.values[named.indexOf(column)]
    if (value === undefined) return defaultSql(translator, column)
    return assignSql(translator.expression(value.kind === 'default' ? defaultOf(column) : value, source), column)
  })
  return values.join(', ')
}
