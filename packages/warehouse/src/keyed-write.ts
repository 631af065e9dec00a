import type { Dialect, KeyedWrite, MergeWrite } from './dialect.ts'

type Quoting = Pick<Dialect, 'quoteIdentifier' | 'formatRelation'>

/** Standard SQL for delete + insert: DuckDB and PostgreSQL read it alike. */
export function deleteInsertStatements(dialect: Quoting, write: KeyedWrite): readonly string[] {
  const target = dialect.formatRelation(write.target)
  const source = dialect.formatRelation(write.source)
  const columns = columnList(dialect, write.columns)
  return [
    `DELETE FROM ${target} AS t WHERE EXISTS (SELECT 1 FROM ${source} AS s WHERE ${keyCondition(dialect, write)})`,
    `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${source}`,
  ]
}

/** MERGE as the SQL standard, DuckDB (since 1.4) and PostgreSQL (since 15) write it. */
export function mergeStatement(dialect: Quoting, write: MergeWrite): string {
  const quote = (column: string) => dialect.quoteIdentifier(column)
  const updated = write.updateColumns ?? write.columns.filter((column) => !write.key.includes(column))
  const assignments = updated.map((column) => `${quote(column)} = s.${quote(column)}`).join(', ')
  return [
    `MERGE INTO ${dialect.formatRelation(write.target)} AS t`,
    `USING ${dialect.formatRelation(write.source)} AS s`,
    `ON (${keyCondition(dialect, write)})`,
    ...(updated.length === 0 ? [] : [`WHEN MATCHED THEN UPDATE SET ${assignments}`]),
    `WHEN NOT MATCHED THEN INSERT (${columnList(dialect, write.columns)})`,
    `VALUES (${write.columns.map((column) => `s.${quote(column)}`).join(', ')})`,
  ].join('\n')
}

function keyCondition(dialect: Quoting, write: KeyedWrite): string {
  const equals = write.nullsMatch === true ? 'IS NOT DISTINCT FROM' : '='
  return write.key
    .map((column) => dialect.quoteIdentifier(column))
    .map((column) => `t.${column} ${equals} s.${column}`)
    .join(' AND ')
}

function columnList(dialect: Quoting, columns: readonly string[]): string {
  return columns.map((column) => dialect.quoteIdentifier(column)).join(', ')
}
