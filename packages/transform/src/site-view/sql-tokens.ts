/** A piece of SQL with Jinja in it; plain text has no kind. */
export interface SqlToken {
  readonly text: string
  readonly kind?: 'comment' | 'keyword' | 'name' | 'number' | 'string' | 'template'
}

const keywords = new Set(
  (
    'all alter and any array as asc between bigint boolean by case cast check column create cross current current_date ' +
    'current_timestamp date decimal default delete desc distinct double drop else end escape except exclude exists ' +
    'extract false fetch filter first float following for foreign from full function generate_series grant group ' +
    'grouping having if ignore ilike in index inner insert int integer intersect interval into is join json key last ' +
    'lateral left like limit materialized merge natural not null nulls numeric offset on only or order outer over ' +
    'partition preceding primary qualify range recursive references replace returning right row rows select set sets ' +
    'similar some table temporary text then time timestamp timestamptz to true truncate unbounded union unique unnest ' +
    'update using values varchar view when where window with within'
  ).split(' '),
)

const pattern = new RegExp(
  [
    String.raw`(?<comment>\{#[\s\S]*?#\}|--[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<template>\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\})`,
    String.raw`(?<string>'(?:[^']|'')*'|\$\$[\s\S]*?\$\$)`,
    '(?<name>"(?:[^"]|"")*"|`[^`]*`)',
    String.raw`(?<number>\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
  ].join('|'),
  'giu',
)

/** Divides SQL for colours: the pieces together are the text. What is not closed stays plain. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = []
  let end = 0
  const addPlain = (to: number) => {
    if (to > end) tokens.push({ text: sql.slice(end, to) })
  }
  for (const match of sql.matchAll(pattern)) {
    const [text] = match
    const kind = kindOfMatch(match)
    if (kind === undefined) continue
    addPlain(match.index)
    tokens.push({ text, kind })
    end = match.index + text.length
  }
  addPlain(sql.length)
  return tokens
}

function kindOfMatch({ groups = {} }: RegExpMatchArray): SqlToken['kind'] {
  const { word } = groups
  if (word !== undefined) return keywords.has(word.toLowerCase()) ? 'keyword' : undefined
  const kinds = ['comment', 'template', 'string', 'name', 'number'] as const
  return kinds.find((kind) => groups[kind] !== undefined)
}
