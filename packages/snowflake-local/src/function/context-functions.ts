import { array, text } from '../catalog/sql-type.ts'
import type { FunctionContext, FunctionRule } from './function-rule.ts'
import type { RuleTable } from './scalar-rule.ts'
import { quote } from './sql-text.ts'

/** A text that is known before the statement runs. */
function known(read: (context: FunctionContext) => string | undefined): FunctionRule {
  return {
    kind: 'scalar',
    arity: [0, 0],
    translate: (_call, context) => {
      const value = read(context)
      return { sql: value === undefined ? 'CAST(NULL AS VARCHAR)' : quote(value), type: text() }
    },
  }
}

const schemas: FunctionRule = {
  kind: 'scalar',
  arity: [0, 0],
  translate: (_call, { database, schema }) => {
    const searched = database === undefined || schema === undefined ? [] : [`"${database}"."${schema}"`]
    return { sql: `CAST(${quote(JSON.stringify(searched))} AS JSON)`, type: array }
  },
}

const lastQueryId: FunctionRule = {
  kind: 'scalar',
  arity: [0, 1],
  translate: ({ arguments: [index] }, context) => {
    const id = context.lastQueryId(
      index === undefined ? -1 : Number(index.literal ?? index.sql.replaceAll(/[()\s]/gu, '')),
    )
    return { sql: id === undefined ? 'CAST(NULL AS VARCHAR)' : quote(id), type: text() }
  },
}

const session: FunctionRule = {
  kind: 'scalar',
  arity: [0, 0],
  translate: (_call, { sessionId }) => ({ sql: quote(sessionId), type: text() }),
}

/** NULL when the variable is not set. */
const getVariable: FunctionRule = {
  kind: 'scalar',
  arity: [1, 1],
  translate: ({ arguments: [name] }, context) =>
    context.variable((name?.literal ?? '').toUpperCase()) ?? { sql: 'CAST(NULL AS VARCHAR)', type: text() },
}

export const contextFunctions: RuleTable = {
  CURRENT_USER: known(({ user }) => user),
  CURRENT_ROLE: known(({ role }) => role),
  CURRENT_WAREHOUSE: known(({ warehouse }) => warehouse),
  CURRENT_DATABASE: known(({ database }) => database),
  CURRENT_SCHEMA: known(({ schema }) => schema),
  CURRENT_SCHEMAS: schemas,
  CURRENT_SESSION: session,
  CURRENT_ACCOUNT: known(() => 'LOCAL'),
  CURRENT_ACCOUNT_NAME: known(() => 'LOCAL'),
  CURRENT_ORGANIZATION_NAME: known(() => 'ECLUSA'),
  CURRENT_REGION: known(() => 'LOCAL'),
  CURRENT_VERSION: known(() => '9.0.0'),
  CURRENT_CLIENT: known(() => 'snowflake-local'),
  CURRENT_IP_ADDRESS: known(() => '127.0.0.1'),
  CURRENT_ROLE_TYPE: known(() => 'ROLE'),
  CURRENT_TRANSACTION: known(() => undefined),
  LAST_QUERY_ID: lastQueryId,
  GETVARIABLE: getVariable,
}
