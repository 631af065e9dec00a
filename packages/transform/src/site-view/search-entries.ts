import { kindOf } from './site-data.ts'
import type { IndexEntry, SearchText } from './site-data.ts'

export interface SearchHit {
  readonly entry: number
  readonly score: number
  /** What was found besides the name. */
  readonly found: { readonly field: 'name' | 'column' | 'tag' | 'description' | 'file' | 'code'; readonly text: string }
}

/** Texts in small letters, made once. */
export interface SearchIndex {
  readonly entries: readonly IndexEntry[]
  readonly texts: readonly SearchText[]
  readonly lowered: readonly LoweredEntry[]
}

interface LoweredEntry {
  readonly name: string
  readonly columns: readonly string[]
  readonly tags: readonly string[]
  readonly description: string
  readonly file: string
  readonly code: string
  /** What a team looks for comes before tests and macros of the same score. */
  readonly weight: number
}

const weights: Readonly<Record<string, number>> = { test: 0.5, unit_test: 0.6, macro: 0.7, analysis: 0.8 }

export function searchIndex(entries: readonly IndexEntry[], texts: readonly SearchText[]): SearchIndex {
  const lowered = entries.map((entry, at): LoweredEntry => {
    const { columns = [], description = '', code = '' } = texts[at] ?? {}
    return {
      name: entry.name.toLowerCase(),
      columns: columns.map((name) => name.toLowerCase()),
      tags: (entry.tags ?? []).map((tag) => tag.toLowerCase()),
      description: description.toLowerCase(),
      file: (entry.file ?? '').toLowerCase(),
      code,
      weight: weights[kindOf(entry)] ?? 1,
    }
  })
  return { entries, texts, lowered }
}

/** The entries in which every word of the query stands, best first. A word may be a part of a name. */
export function searchEntries(index: SearchIndex, query: string, limit: number): SearchHit[] {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean)
  if (words.length === 0) return []
  const hits: SearchHit[] = []
  for (const [at, lowered] of index.lowered.entries()) {
    if (index.entries[at]!.isHidden) continue
    const hit = hitOf(lowered, words)
    if (hit !== undefined) hits.push({ entry: at, score: hit.score * lowered.weight, found: hit.found })
  }
  const name = (hit: SearchHit) => index.entries[hit.entry]!.name
  hits.sort((a, b) => b.score - a.score || name(a).length - name(b).length || name(a).localeCompare(name(b)))
  return hits.slice(0, limit)
}

function hitOf(lowered: LoweredEntry, words: readonly string[]): Pick<SearchHit, 'score' | 'found'> | undefined {
  let score = 0
  let found: (SearchHit['found'] & { readonly score: number }) | undefined
  for (const word of words) {
    const best = bestMatch(lowered, word)
    if (best === undefined) return undefined
    score += best.score
    if (found === undefined || best.score > found.score) found = best
  }
  return found === undefined ? undefined : { score, found: { field: found.field, text: found.text } }
}

function bestMatch(
  { name, columns, tags, description, file, code }: LoweredEntry,
  word: string,
): (SearchHit['found'] & { readonly score: number }) | undefined {
  if (name.includes(word)) return { field: 'name', text: name, score: nameScore(name, word) }
  if (tags.includes(word)) return { field: 'tag', text: word, score: 35 }
  const column = columns.find((one) => one === word) ?? columns.find((one) => one.includes(word))
  if (column !== undefined) return { field: 'column', text: column, score: column === word ? 30 : 20 }
  const at = description.indexOf(word)
  if (at >= 0)
    return { field: 'description', text: around(description, at), score: isWordStart(description, at) ? 10 : 6 }
  if (file.includes(word)) return { field: 'file', text: file, score: 5 }
  return code.includes(word) ? { field: 'code', text: word, score: 3 } : undefined
}

function nameScore(name: string, word: string): number {
  if (name === word) return 100
  const last = name.slice(name.lastIndexOf('.') + 1)
  if (last === word) return 95
  if (name.startsWith(word) || last.startsWith(word)) return 60
  return isWordStart(name, name.indexOf(word)) ? 50 : 40
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]!)
}

const contextLength = 40

/** The place with a few words on both sides. */
function around(text: string, at: number): string {
  const start = Math.max(0, at - contextLength)
  const end = Math.min(text.length, at + 2 * contextLength)
  return `${start > 0 ? '…' : ''}${text.slice(start, end).trim()}${end < text.length ? '…' : ''}`
}
