import { libraryPackages } from '../context/library-macros.ts'
import { macroPattern, macroNameOf } from '../context/macro-library.ts'
import type { MacroFile, MacroLibrary } from '../context/macro-library.ts'
import { anyName } from '../parse/macro-watch.ts'
import { hashOfText } from './fingerprint.ts'

/** A file of macros of a package: its hash, and that of each macro in it, by name. */
export type SavedMacroFile = readonly [
  packageName: string,
  path: string,
  hash: string,
  macros: Readonly<Record<string, string>>,
]

export interface MacroFacts {
  /** Of our own library too. */
  readonly files: readonly MacroFile[]
  readonly library: MacroLibrary
  readonly adapterType: string
}

export interface MacroChanges {
  readonly added: number
  readonly deleted: number
  readonly changed: number
  /** Names of macros that are not as they were. */
  readonly names: ReadonlySet<string>
  /** As `package:path`, those that were added or changed. */
  readonly files: ReadonlySet<string>
}

export function savedMacros(facts: MacroFacts, former: readonly SavedMacroFile[] = []): SavedMacroFile[] {
  const known = new Map(former.map((file) => [keyOf(file), file]))
  let texts: ReadonlyMap<string, Record<string, string>> | undefined
  return ownFiles(facts).map(({ packageName, path, text }) => {
    const hash = hashOfText(text)
    const was = known.get(keyOf([packageName, path]))
    if (was?.[2] === hash) return was
    texts ??= macroHashes(facts)
    return [packageName, path, hash, texts.get(keyOf([packageName, path])) ?? {}]
  })
}

export function macroChanges(former: readonly SavedMacroFile[], present: readonly SavedMacroFile[]): MacroChanges {
  const [before, after] = [byKey(former), byKey(present)]
  const names = new Set<string>()
  const changedFiles = [...after].filter(([key, file]) => before.get(key)?.[2] !== file[2])
  const deleted = [...before].filter(([key]) => !after.has(key))
  for (const [key] of [...changedFiles, ...deleted]) {
    const [was, is] = [before.get(key)?.[3] ?? {}, after.get(key)?.[3] ?? {}]
    for (const name of Object.keys({ ...was, ...is })) if (was[name] !== is[name]) names.add(name)
  }
  const files = new Set(changedFiles.map(([key]) => key))
  const added = changedFiles.filter(([key]) => !before.has(key)).length
  return { added, deleted: deleted.length, changed: changedFiles.length - added, names, files }
}

/** What takes a macro by a name that its text need not hold. */
const openPattern = /\bcontext\b|(?<!\.)\brender\b|\bdispatch\s*\(\s*(?!['"])/u

/**
 * The names by which a change of some macros can be reached: theirs, and those of all macros that name one of them, and so
 * on. A text that names a macro need not call it: more may be parsed again than has to be, never less.
 */
export function reachOf(changed: ReadonlySet<string>, facts: MacroFacts): ReadonlySet<string> {
  const texts = macroTexts(facts)
  const users = new Map<string, string[]>()
  for (const [name, text] of texts) {
    const used = new Set(text.match(/\w+/gu))
    if (openPattern.test(text)) used.add(anyName)
    for (const word of used) {
      const list = users.get(word)
      if (list === undefined) users.set(word, [name])
      else list.push(name)
    }
  }
  const reached = new Set<string>()
  const open = [...changed, anyName]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue
    reached.add(name)
    // Whoever dispatches `star` may come to `default__star`.
    for (let at = name.indexOf('__'); at !== -1; at = name.indexOf('__', at + 1)) open.push(name.slice(at + 2))
    open.push(...(users.get(name) ?? []))
  }
  return reached
}

/** Whether what a template looks up may mean something else. */
export function isReached(names: readonly string[], reached: ReadonlySet<string>): boolean {
  return names.some((name) => reached.has(name) || name === 'context' || name === 'render')
}

/** What decides where every node goes, and is asked for without being named. */
const namesOfNodes = ['database', 'schema', 'alias'].map((part) => `generate_${part}_name`)

export function concernsAll(reached: ReadonlySet<string>): boolean {
  return namesOfNodes.some((name) => reached.has(name))
}

function macroTexts({ files, library, adapterType }: MacroFacts): (readonly [name: string, text: string])[] {
  const internal = new Set(libraryPackages(adapterType))
  const own = files.filter(({ packageName }) => internal.has(packageName)).flatMap(({ text }) => textsBetween(text))
  const others = [...library.definitions()]
    .filter(({ packageName }) => !internal.has(packageName))
    .map(({ name, template, syntax }) => [name, template.tree.source.slice(syntax.start, syntax.end)] as const)
  return [...own, ...others]
}

/** Our own library need not be parsed for this: its macros stand one after the other. */
function textsBetween(text: string): (readonly [name: string, text: string])[] {
  const found = [...text.matchAll(macroPattern)]
  return found.map((match, index) => [macroNameOf(match.groups!), text.slice(match.index, found[index + 1]?.index)])
}

function ownFiles({ files, adapterType }: MacroFacts): MacroFile[] {
  const internal = new Set(libraryPackages(adapterType))
  return files.filter(({ packageName }) => !internal.has(packageName))
}

function macroHashes({ library, adapterType }: MacroFacts): Map<string, Record<string, string>> {
  const internal = new Set(libraryPackages(adapterType))
  const found = new Map<string, Record<string, string>>()
  for (const { packageName, name, template, syntax } of library.definitions()) {
    if (internal.has(packageName)) continue
    const key = keyOf([packageName, template.name])
    const names = found.get(key) ?? {}
    found.set(key, names)
    names[name] = hashOfText(template.tree.source.slice(syntax.start, syntax.end))
  }
  return found
}

function byKey(files: readonly SavedMacroFile[]): Map<string, SavedMacroFile> {
  return new Map(files.map((file) => [keyOf(file), file]))
}

function keyOf([packageName, path]: readonly [string, string, ...unknown[]]): string {
  return `${packageName}:${path}`
}
