import type { Statement } from '../parse/ast-statement.ts'
import { parseStatement } from '../parse/parse-statement.ts'
import { executeCopy } from '../copy/execute-copy.ts'
import { consumeStreams } from '../version/stream.ts'
import { alterObject } from './alter-object.ts'
import { alterTable } from './alter-table.ts'
import { comment } from './comment.ts'
import { createObject } from './create-object.ts'
import { describe } from './describe.ts'
import { drop, undrop } from './drop.ts'
import type { StatementScope } from './environment.ts'
import { executeDelete, executeInsert, executeInsertAll, executeTruncate, executeUpdate } from './execute-dml.ts'
import { executeGrant } from './execute-grant.ts'
import { executeMerge } from './execute-merge.ts'
import { bindQuery, executeQuery } from './execute-query.ts'
import { alterSession, setVariables, unsetVariables, use } from './execute-session.ts'
import { createTable, createView } from './execute-table.ts'
import { executeAlert, executeTask } from './execute-task.ts'
import { executeTransfer } from './execute-transfer.ts'
import { show } from './show.ts'
import { placed, unsupportedFeature } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import type { StatementRequest, StatementResult } from './statement.ts'
import { beginTransaction, commitTransaction, defining, rollbackTransaction } from './transaction.ts'
import { rowsResult, statementTypes, statusResult } from './wire.ts'
import { text } from '../catalog/sql-type.ts'

export async function executeText(session: SessionState, request: StatementRequest): Promise<StatementResult> {
  const scope: StatementScope = { session, request, startedUs: BigInt(Date.now()) * 1000n, streamsRead: new Map() }
  try {
    return await executeStatement(scope, parseStatement(request.sqlText), request)
  } catch (error) {
    throw placed(error, request.sqlText)
  }
}

export async function executeStatement(
  scope: StatementScope,
  statement: Statement,
  request: StatementRequest,
): Promise<StatementResult> {
  if (statement.kind === 'query') return await executeQuery(scope, statement, request.describeOnly === true)
  // What changes something is only described, not done, when a client asks for the shape of its answer.
  if (request.describeOnly === true) return statusResult('')
  const result = await executeDml(scope, statement, request)
  if (result !== undefined) {
    consumeStreams(scope.session, scope.streamsRead ?? new Map())
    return result
  }
  const status = await executeDdl(scope, statement)
  if (status !== undefined) return statusResult(status)
  return await executeOther(scope, statement, request)
}

const dmlKinds = new Set(['insert', 'insertAll', 'update', 'delete', 'merge', 'truncate'])

async function executeDml(
  scope: StatementScope,
  statement: Statement,
  request: StatementRequest,
): Promise<StatementResult | undefined> {
  if (!dmlKinds.has(statement.kind)) return undefined
  // Without autocommit the first statement that changes rows begins a transaction.
  if (scope.session.parameters.get('AUTOCOMMIT')?.toLowerCase() === 'false') await beginTransaction(scope.session)
  switch (statement.kind) {
    case 'insert':
      return await executeInsert(scope, statement, request)
    case 'insertAll':
      return await executeInsertAll(scope, statement)
    case 'update':
      return await executeUpdate(scope, statement)
    case 'delete':
      return await executeDelete(scope, statement)
    case 'merge':
      return await executeMerge(scope, statement)
    case 'truncate':
      await executeTruncate(scope, statement)
      return statusResult('Statement executed successfully.')
    default:
      return undefined
  }
}

/** The status, or nothing for what is no DDL. */
async function executeDdl(scope: StatementScope, statement: Statement): Promise<string | undefined> {
  const { session } = scope
  switch (statement.kind) {
    case 'createTable':
      return await defining(session, async () => await createTable(scope, statement))
    case 'createView':
      return await defining(session, async () => await createView(scope, statement))
    case 'createObject':
      return await defining(session, async () => await createObject(session, statement))
    case 'alterTable':
      return await defining(session, async () => await alterTable(scope, statement))
    case 'alterObject':
      return await definingNow(session, () => alterObject(session, statement))
    case 'drop':
      return await definingNow(session, () => drop(session, statement))
    case 'undrop':
      return await definingNow(session, () => undrop(session, statement))
    case 'comment':
      return await definingNow(session, () => comment(session, statement))
    case 'grant':
    case 'revoke':
    case 'grantRole':
    case 'revokeRole':
    case 'grantOwnership':
      return await definingNow(session, () => executeGrant(session, statement))
    default:
      return undefined
  }
}

async function definingNow(session: SessionState, work: () => string): Promise<string> {
  return await defining(session, async () => await Promise.resolve(work()))
}

async function executeOther(
  scope: StatementScope,
  statement: Statement,
  request: StatementRequest,
): Promise<StatementResult> {
  const { session } = scope
  const done = (status: string): StatementResult => statusResult(status, statementTypes.session)
  switch (statement.kind) {
    case 'begin':
      await beginTransaction(session)
      return statusResult('Statement executed successfully.', statementTypes.transaction)
    case 'commit':
      await commitTransaction(session)
      return statusResult('Statement executed successfully.', statementTypes.transaction)
    case 'rollback':
      await rollbackTransaction(session)
      return statusResult('Statement executed successfully.', statementTypes.transaction)
    case 'use':
      return done(use(session, statement))
    case 'alterSession':
      return done(await alterSession(session, statement))
    case 'setVariables':
      return done(await setVariables(scope, statement))
    case 'unsetVariables':
      return done(unsetVariables(session, statement))
    case 'show':
      return await show(scope, statement)
    case 'describe':
    case 'describeResult':
      return describe(scope, statement)
    case 'copyIntoTable':
    case 'copyIntoLocation':
      return await executeCopy(scope, statement)
    case 'put':
    case 'get':
    case 'list':
    case 'remove':
      return await executeTransfer(session, statement, scope.request.binds)
    case 'executeTask':
      return await executeTask(
        scope,
        statement.name,
        async (sqlText) => await executeText(session, { ...request, sqlText }),
      )
    case 'executeAlert':
      return await executeAlert(scope, statement.name, async (sqlText) => executeText(session, { ...request, sqlText }))
    case 'explain': {
      const shape = statement.query.kind === 'query' ? bindQuery(scope, statement.query).sql : statement.query.kind
      return rowsResult([{ name: 'step', type: text(), nullable: true }], [[shape]])
    }
    default:
      throw unsupportedFeature(statement.kind)
  }
}
