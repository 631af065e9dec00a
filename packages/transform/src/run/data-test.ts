import { EclusaError } from '@eclusa/sdk'
import type { WarehouseConnection } from '@eclusa/sdk'
import { textOf } from '../jinja/python-text.ts'
import type { TestNode } from '../manifest/node.ts'
import type { NodeResult } from './node-result.ts'

export interface DataTestRun {
  readonly node: TestNode
  /** The test's query, compiled: it returns the rows that must not be there. */
  readonly sql: string
  readonly connection: WarehouseConnection
  readonly signal: AbortSignal
}

/** Counts what a test finds and judges it by its severity. The rows themselves stay in the warehouse. */
export async function runDataTest({
  node,
  sql,
  connection,
  signal,
}: DataTestRun): Promise<Pick<NodeResult, 'status' | 'failures' | 'message'>> {
  const query = testQuery(node, sql)
  const { rows } = await connection.query(query, { signal })
  const [failures, shouldWarn, shouldError] = rows[0]!
  const count = Number(failures)
  const severity = textOf(node.config['severity'] ?? 'error').toLowerCase()
  const counted = { failures: count, message: `Got ${count} ${count === 1 ? 'result' : 'results'}` }
  if (severity === 'error' && shouldError === true)
    return {
      status: 'fail',
      ...counted,
      message: `${counted.message}, configured to fail if ${condition(node, 'error_if')}`,
    }
  if (shouldWarn === true)
    return {
      status: 'warn',
      ...counted,
      message: `${counted.message}, configured to warn if ${condition(node, 'warn_if')}`,
    }
  return { status: 'pass', failures: count }
}

export function testQuery(node: TestNode, sql: string): string {
  const failCalc = textOf(node.config['fail_calc'] ?? 'count(*)')
  const limit = node.config['limit']
  return [
    'select',
    `  ${failCalc} as failures,`,
    `  ${failCalc} ${condition(node, 'warn_if')} as should_warn,`,
    `  ${failCalc} ${condition(node, 'error_if')} as should_error`,
    'from (',
    sql,
    ...(limit === undefined || limit === null ? [] : [`limit ${integer(node, limit)}`]),
    ') dbt_internal_test',
  ].join('\n')
}

function condition(node: TestNode, key: 'warn_if' | 'error_if'): string {
  return textOf(node.config[key] ?? '!= 0')
}

function integer(node: TestNode, value: unknown): number {
  const number = Number(value)
  if (Number.isInteger(number)) return number
  throw new EclusaError('MODEL_FAILED', { message: `Test ${node.name}: its limit is no whole number.` })
}
