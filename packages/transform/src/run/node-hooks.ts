import { textOf } from '../jinja/python-text.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { ManifestNode } from '../manifest/node.ts'

/** A statement before or after a node is built. */
export interface NodeHook {
  readonly sql: string
  /** Whether it runs inside the transaction that builds the node. */
  readonly transaction: boolean
  readonly index: number | null
}

/** The hooks of a node as the macro `run_hooks` reads them. */
export function hooksOf(node: ManifestNode, kind: 'pre-hook' | 'post-hook'): NodeHook[] {
  const config = node.config[kind] ?? node.config[kind.replace('-', '_')] ?? []
  return (Array.isArray(config) ? config : [config]).map(hookOf)
}

/** Text is SQL, unless it is what `before_begin`, `in_transaction` and `after_commit` give: a dict as JSON. */
function hookOf(value: unknown): NodeHook {
  const hook = typeof value === 'string' ? parsedHook(value) : value
  if (!isRecord(hook)) return { sql: textOf(value), transaction: true, index: null }
  const { sql, transaction, index } = hook
  return { sql: textOf(sql ?? ''), transaction: transaction !== false, index: typeof index === 'number' ? index : null }
}

function parsedHook(text: string): unknown {
  if (!/^\s*\{\s*"/u.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
