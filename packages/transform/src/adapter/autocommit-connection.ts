import type { QueryResult, WarehouseConnection } from '@eclusa/sdk'

/** A session that commits each statement: what was sent cannot be taken back. */
export interface AutocommitConnection extends WarehouseConnection {
  readonly commitsEachStatement: true
}

export function isAutocommit(connection: WarehouseConnection): boolean {
  return 'commitsEachStatement' in connection
}

/**
 * A session as dbt uses Snowflake's: each statement is committed by itself, and a transaction is only what the text of a
 * macro begins and commits. So `begin`, `commit` and `rollback` that come alone, from the run, are not sent; a text of
 * several statements goes one by one.
 */
export function autocommitting(connection: WarehouseConnection): AutocommitConnection {
  const query: WarehouseConnection['query'] = async (sql, options) => {
    const statements = splitStatements(sql)
    let result: QueryResult = { columns: [], rows: [], rowsChanged: 0 }
    if (statements.every((statement) => borders.test(statement))) return result
    let isOpen = false
    try {
      for (const statement of statements) {
        const isBorder = borders.test(statement)
        const answer = await connection.query(isBorder ? statement.toUpperCase() : statement, isBorder ? {} : options)
        if (isBorder) isOpen = /^begin$/iu.test(statement)
        else result = answer
      }
    } catch (error) {
      // The first error is the one to tell; a session that is gone cannot roll back and need not.
      if (isOpen) await connection.query('ROLLBACK').catch(() => undefined)
      throw error
    }
    return result
  }
  return {
    query,
    commitsEachStatement: true,
    [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
  }
}

const borders = /^(?:begin|commit|rollback)$/iu

/** Quoted text, a quoted name, text between `$$`, and the two kinds of comments: no semicolon ends a statement there. */
const wholes =
  /'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'|"[^"]*(?:""[^"]*)*"|\$\$[\s\S]*?\$\$|--[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|;/gu

/** The statements of a text, without their semicolons; what holds nothing but comments is none. */
export function splitStatements(sql: string): string[] {
  const ends = [...sql.matchAll(wholes)].filter(([whole]) => whole === ';').map(({ index }) => index)
  const starts = [0, ...ends.map((end) => end + 1)]
  return starts.map((start, index) => sql.slice(start, ends[index]).trim()).filter((statement) => !isEmpty(statement))
}

function isEmpty(statement: string): boolean {
  return statement.replaceAll(wholes, (whole) => (/^(?:--|\/\/|\/\*)/u.test(whole) ? '' : whole)).trim() === ''
}
