/*
 * What the text of a query tells of what it depends on, beside the relations that were referred to by ref() and source().
 * The text is cut into words and not parsed: what it takes for a dependency by mistake costs a build, no more.
 */

type TokenKind = 'word' | 'quoted' | 'text' | 'sign'

interface Token {
  readonly kind: TokenKind
  /** Words in lower case; quoted names and texts without their quotes. */
  readonly text: string
}

const pattern =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$|'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|[\d.]*\d|\S/gu

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  for (const [text] of sql.matchAll(pattern)) {
    if (text.startsWith('--') || text.startsWith('/*')) continue
    if (text.startsWith('"')) tokens.push({ kind: 'quoted', text: text.slice(1, -1).replaceAll('""', '"') })
    else if (text.startsWith("'") || /^\$\w*\$/u.test(text)) tokens.push({ kind: 'text', text: text.slice(1, -1) })
    else if (/^[\p{L}_]/u.test(text)) tokens.push({ kind: 'word', text: text.toLowerCase() })
    else tokens.push({ kind: 'sign', text })
  }
  return tokens
}

/** Functions that give something else each time, or read what is outside of the warehouse. */
const changingFunctions = new Set(
  `now today clock_timestamp statement_timestamp transaction_timestamp timeofday
   get_current_timestamp get_current_time current_localtime current_localtimestamp age random
   setseed uuid uuidv4 uuidv7 gen_random_uuid uuid_generate_v1 uuid_generate_v4 nextval currval
   lastval txid_current pg_current_xact_id pg_snapshot_xmin random_normal current_setting getenv
   getvariable pg_read_file dblink postgres_query mysql_query read_csv read_csv_auto read_parquet
   parquet_scan read_json read_json_auto read_ndjson read_text read_blob read_xlsx glob
   sqlite_scan postgres_scan mysql_scan iceberg_scan delta_scan st_read currentdatabase
   pg_backend_pid`.split(/\s+/u),
)
/** The same, written without parentheses. */
const changingWords = new Set(
  `current_timestamp current_date current_time localtimestamp localtime tablesample current_user
   session_user current_role`.split(/\s+/u),
)

/** Functions of the query whose result can differ although no data has changed: `now()`, `random()`. */
export function changingParts(sql: string): string[] {
  const tokens = tokensOf(sql)
  const found = new Set<string>()
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'word' || tokens[index - 1]?.text === '.') continue
    if (changingWords.has(text)) found.add(text)
    // With two arguments the difference of two times, with one that to today.
    else if (text === 'age' && hasTwoArguments(tokens, index + 1)) continue
    else if (changingFunctions.has(text) && tokens[index + 1]?.text === '(') found.add(`${text}()`)
  }
  return [...found]
}

function hasTwoArguments(tokens: readonly Token[], open: number): boolean {
  let depth = 0
  for (const { kind, text } of tokens.slice(open)) {
    if (kind !== 'sign') continue
    if (text === '(') depth += 1
    else if (text === ')' && (depth -= 1) === 0) return false
    else if (text === ',' && depth === 1) return true
  }
  return false
}

const endsOfFrom = new Set(
  `where group order having limit offset union intersect except qualify window select fetch for
   returning sample using on`.split(/\s+/u),
)
const skippedBeforeTables = new Set(['only', 'lateral'])
/** Functions with a FROM between their arguments. */
const functionsWithFrom = new Set(['extract', 'trim', 'substring', 'overlay', 'position', 'date_part'])

/**
 * Relations in FROM and JOIN that are neither common table expressions nor among `known`, and files.
 *
 * @param known what the query may read: names of one to three parts, joined by dots, without quotes
 */
export function otherRelations(sql: string, known: Iterable<string>): string[] {
  const tokens = tokensOf(sql)
  const names = new Set([...known].flatMap(endingsOf))
  for (const name of commonTables(tokens)) names.add(name)
  const found = new Set<string>()
  for (const at of tablePlaces(tokens)) {
    const table = tableAt(tokens, at)
    if (table !== undefined && !names.has(table.toLowerCase())) found.add(table)
  }
  return [...found]
}

/** `db.schema.orders`, `schema.orders`, `orders` */
function endingsOf(name: string): string[] {
  const parts = name.toLowerCase().split('.')
  return parts.map((_, index) => parts.slice(index).join('.'))
}

/** `name as (`, `name (a, b) as materialized (` */
function commonTables(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ kind, text }, index) => {
    if (kind !== 'word' && kind !== 'quoted') return []
    let at = index + 1
    if (tokens[at]?.text === '(') at = tokens.findIndex((token, place) => place > at && token.text === ')') + 1
    if (at === 0 || tokens[at]?.text !== 'as') return []
    at += 1
    while (tokens[at]?.text === 'not' || tokens[at]?.text === 'materialized') at += 1
    return tokens[at]?.text === '(' ? [text.toLowerCase()] : []
  })
}

/** Where names of tables begin: behind FROM and JOIN, and behind the commas of a FROM. */
function tablePlaces(tokens: readonly Token[]): number[] {
  const places: number[] = []
  /** For each open parenthesis whether a list of tables is being read in it, and whether FROM means another thing. */
  const levels = [{ inFrom: false, isFunction: false }]
  for (const [index, { kind, text }] of tokens.entries()) {
    const level = levels.at(-1)!
    if (kind === 'sign') {
      if (text === '(') {
        const before = tokens[index - 1]
        levels.push({ inFrom: false, isFunction: before?.kind === 'word' && functionsWithFrom.has(before.text) })
      } else if (text === ')') {
        if (levels.length > 1) levels.pop()
      } else if (text === ',' && level.inFrom) places.push(index + 1)
    } else if (kind === 'word') {
      if (text === 'from' && !level.isFunction && tokens[index - 1]?.text !== 'distinct') {
        level.inFrom = true
        places.push(index + 1)
      } else if (text === 'join') places.push(index + 1)
      else if (endsOfFrom.has(text)) level.inFrom = text === 'on' || text === 'using' ? level.inFrom : false
    }
  }
  return places
}

/** The name that begins at a place; undefined for a subquery, a function, VALUES. */
function tableAt(tokens: readonly Token[], start: number): string | undefined {
  let at = start
  while (tokens[at]?.kind === 'word' && skippedBeforeTables.has(tokens[at]!.text)) at += 1
  const first = tokens[at]
  if (first === undefined || first.kind === 'sign') return undefined
  if (first.kind === 'text') return first.text
  const parts = [first.text]
  while (tokens[at + 1]?.text === '.' && tokens[at + 2] !== undefined) {
    parts.push(tokens[at + 2]!.text)
    at += 2
  }
  const next = tokens[at + 1]
  const isFunction = next?.kind === 'sign' && next.text === '('
  return isFunction || (first.kind === 'word' && ['values', 'select', 'unnest'].includes(first.text))
    ? undefined
    : parts.join('.')
}
