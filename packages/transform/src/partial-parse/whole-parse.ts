import { manifestRows } from '../artifact/manifest-text.ts'
import type { ManifestText } from '../artifact/manifest-text.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { PackageFiles } from '../parse/package-files.ts'
import type { ParseTrace } from '../parse/project-parser.ts'
import {
  WordLists,
  missingOf,
  originOf,
  propertiesFacts,
  propertiesKey,
  savedFaces,
  savedPatch,
  disabledOf,
} from './saved-index.ts'
import type { PatchRows, SavedParse } from './saved-parse.ts'
import { UnitOrder, unitOf } from './unit-order.ts'

export interface WholeParseFacts {
  readonly trace: ParseTrace
  readonly manifest: Manifest
  readonly text: ManifestText
  readonly files: readonly PackageFiles[]
}

/**
 * What a parse of everything leaves for the next one.
 *
 * @returns undefined when the nodes do not stand in the order of files, which no parse should leave.
 */
export function wholeParse({ trace, manifest, text, files }: WholeParseFacts): Omit<SavedParse, 'inputs'> | undefined {
  const { drafts, asked, missing, disabled, properties } = trace
  const order = UnitOrder.ofFiles(files)
  const units = Int32Array.from(drafts, (node) => order.place(unitOf(node)))
  if (units.some((unit, index) => unit < 0 || unit < (units[index - 1] ?? 0))) return undefined
  const [names, docs] = [new WordLists(), new WordLists()]
  return {
    rows: {
      ids: Object.keys(manifest.nodes),
      others: Object.keys(manifest.parent_map).slice(drafts.length),
      units,
      names: Int32Array.from(drafts, (node) => names.place(trace.names.get(node))),
      docs: Int32Array.from(drafts, (node) => docs.place(asked.nodes.get(node))),
    },
    uses: {
      names: names.lists,
      docs: docs.lists,
      docsOfSources: [...asked.sources],
      docsOfOthers: [...asked.others],
      missing: missingOf(missing),
      disabled: disabledOf(disabled, trace.names),
    },
    faces: savedFaces(trace),
    properties: Object.fromEntries(properties.map((one) => [propertiesKey(one), propertiesFacts(one)])),
    patches: patchRows(trace),
    text,
  }
}

function patchRows({ nodes, patches }: ParseTrace): PatchRows {
  const entries = nodes.flatMap((one) => {
    const patch = patches.of(one)
    return patch === undefined ? [] : [[originOf(one.node), savedPatch(patch)] as const]
  })
  return { origins: entries.map(([origin]) => origin), rows: manifestRows(entries) }
}
