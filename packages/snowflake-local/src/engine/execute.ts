import type { Stream } from '../catalog/catalog-object.ts'
import type { Statement } from '../parse/ast-statement.ts'
import { parseStatement } from '../parse/parse-statement.ts'
import type { KnownTexts } from '../parse/token-reader.ts'
import { executeCopy } from '../copy/execute-copy.ts'
import { consumeStreams } from '../version/stream.ts'
import { alterObject } from './alter-object.ts'
import { alterTable, lockAltered } from './alter-table.ts'
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
import { journaled } from './transaction-journal.ts'
import {
  atomically,
  beginTransaction,
  commitTransaction,
  defining,
  noteFailure,
  readyTransaction,
  rollbackTransaction,
} from './transaction.ts'
import { rowsResult, statementTypes, statusResult } from './wire.ts'
import { text } from '../catalog/sql-type.ts'

export async function executeText(session: SessionState, request: StatementRequest): Promise<StatementResult> {
  const scope: StatementScope = { session, request, startedUs: BigInt(Date.now()) * 1000n }
  try {
    return await executeStatement(scope, parseStatement(request.sqlText, knownTexts(scope)), request)
  } catch (error) {
    await noteFailure(session)
    throw placed(error, request.sqlText)
  } finally {
    if (session.open === undefined) session.engine.locks.releaseAll(session)
  }
}

/** What the texts of binds and variables are, for where they name something. */
function knownTexts({ session, request }: StatementScope): KnownTexts {
  return {
    bind: (index) => {
      const value = request.binds?.[index - 1]?.value
      return typeof value === 'string' ? value : undefined
    },
    variable: (name) => session.variables.get(name)?.literal,
  }
}

export async function executeStatement(
  scope: StatementScope,
  statement: Statement,
  request: StatementRequest,
): Promise<StatementResult> {
  if (statement.kind !== 'rollback' && statement.kind !== 'commit') await readyTransaction(scope.session)
  if (statement.kind === 'query') return await executeQuery(scope, statement, request.describeOnly === true)
  // What changes something is only described, not done, when a client asks for the shape of its answer.
  if (request.describeOnly === true) return statusResult('')
  if (changingKinds.has(statement.kind)) return await changeRows(scope, statement, request)
  const status = await executeDdl(scope, statement)
  if (status !== undefined) return statusResult(status)
  return await executeOther(scope, statement, request)
}

const changingKinds = new Set(['insert', 'insertAll', 'update', 'delete', 'merge', 'truncate', 'copyIntoTable'])

async function changeRows(
  { session, ...rest }: StatementScope,
  statement: Statement,
  request: StatementRequest,
): Promise<StatementResult> {
  // Without autocommit the first statement that changes rows begins a transaction.
  if (session.parameters.get('AUTOCOMMIT')?.toLowerCase() === 'false') await beginTransaction(session)
  const change = async (): Promise<StatementResult> => {
    const scope = { ...rest, session, streamsRead: new Map<Stream, number>(), tablesRead: new Set<number>() }
    const result = await executeDml(scope, statement, request)
    await consumeStreams(session, scope.streamsRead)
    return result
  }
  const { open } = session
  return open === undefined ? await atomically(session, change) : await journaled(session, open, change)
}

async function executeDml(
  scope: StatementScope,
  statement: Statement,
  request: StatementRequest,
): Promise<StatementResult> {
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
    case 'copyIntoTable':
      return await executeCopy(scope, statement)
    case 'truncate':
      await executeTruncate(scope, statement)
      return statusResult('Statement executed successfully.')
    default:
      throw unsupportedFeature(statement.kind)
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
      return await defining(
        session,
        async () => await alterTable(scope, statement),
        async () => await lockAltered(scope, statement),
      )
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
