import type { MacroLibrary } from '../context/macro-library.ts'
import type { Template } from '../jinja/environment.ts'
import { mergeCall } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import { isRecord } from '../manifest/node-config.ts'
import { literalCall } from './literal-value.ts'
import { readReference, readSourceReference } from './parse-template.ts'
import type { ParsedTemplate, Reference, SourceReference } from './parse-template.ts'

/** Most models hold nothing but calls of these with literal arguments: what they say can be read off the tree. */
const readable = ['ref', 'source', 'config']

/**
 * What a template says, without rendering it; undefined when that takes more than looking. dbt does the same, and the
 * answer is that of rendering.
 */
export function readStatically(
  template: Template,
  macros: MacroLibrary,
  packageName: string,
): ParsedTemplate | undefined {
  if (readable.some((name) => macros.find(name, packageName) !== undefined)) return undefined
  const refs: Reference[] = []
  const sources: SourceReference[] = []
  let config: PartialConfig = {}
  for (const node of template.tree.body) {
    if (node.kind === 'Data') continue
    const call = node.kind === 'Output' && node.value.kind === 'Call' ? literalCall(node.value) : undefined
    if (call === undefined || !readable.includes(call.name)) return undefined
    const { name, args, kwargs } = call
    if (name === 'ref' && (args.length === 1 || args.length === 2)) refs.push(readReference(args, kwargs))
    else if (name === 'source' && args.length === 2) sources.push(readSourceReference(args))
    else if (name === 'config' && args.length === 0) config = mergeCall(config, kwargs)
    else if (name === 'config' && args.length === 1 && isRecord(args[0]) && !hasTwoSpellings(args[0]))
      config = mergeCall(config, args[0])
    else return undefined
  }
  return { refs, sources, config, macros: [], names: readable }
}

/** One hook under both of its names, which rendering refuses. */
function hasTwoSpellings(config: PartialConfig): boolean {
  return ['pre', 'post'].some((name) => `${name}-hook` in config && `${name}_hook` in config)
}
