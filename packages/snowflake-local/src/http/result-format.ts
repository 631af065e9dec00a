import type { RowsetFormat } from './rowset.ts'

const selectTypeId = 4096

/** Drivers that read Arrow, and get it unless they ask for JSON. snowflake-sdk has no code for it. */
const arrowClients = /^(PythonConnector|PythonSnowpark|JDBC|ODBC|Go|\.NET|Rust|ADBC)/i

/** Snowflake answers queries alone with Arrow; what DML, DDL and SHOW tell is JSON for every driver. */
export function chooseFormat(of: {
  readonly clientApp: string
  readonly statementTypeId: number
  readonly sessionParameters: ReadonlyMap<string, string>
  readonly statementParameters: ReadonlyMap<string, string>
}): RowsetFormat {
  if (of.statementTypeId !== selectTypeId || /^JavaScript/i.test(of.clientApp)) return 'json'
  const asked = findFormat(of.statementParameters) ?? findFormat(of.sessionParameters)
  if (asked !== undefined) return /^ARROW/i.test(asked) ? 'arrow' : 'json'
  return arrowClients.test(of.clientApp) ? 'arrow' : 'json'
}

/** PYTHON_CONNECTOR_QUERY_RESULT_FORMAT, JDBC_QUERY_RESULT_FORMAT, GO_QUERY_RESULT_FORMAT … */
function findFormat(parameters: ReadonlyMap<string, string>): string | undefined {
  for (const [name, value] of parameters) if (name.endsWith('_QUERY_RESULT_FORMAT')) return value
  return undefined
}
