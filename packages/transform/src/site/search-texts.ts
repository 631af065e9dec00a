import type { SearchText, SitePage } from '../site-view/site-data.ts'
import { textOf } from './site-entries.ts'
import type { SiteEntry } from './site-entries.ts'
import { filled, withoutAbsent } from './site-index.ts'

const descriptionLengthMax = 2000
/** Words that stand in nearly every query find nothing. */
const frequentWords = new Set(
  (
    'select from where and or as on in is not null with join left right inner outer full cross group by order having ' +
    'union all distinct case when then else end cast true false between like limit over partition config ref source ' +
    'set if endif for endfor macro endmacro do endset'
  ).split(' '),
)
/** The SQL of a generic test is the same for all of them. */
const kindsWithoutCode = new Set(['test'])

/** What a search looks at, besides names, tags and files, which the index has. */
export function searchText(entry: SiteEntry, page: SitePage): SearchText {
  const columns = (page.columns ?? page.parameters ?? []).map(({ name }) => name)
  const descriptions = [textOf(entry, 'description'), ...columnDescriptions(page)]
  const isFound = new Set(columns.map((name) => name.toLowerCase()))
  const hasCode = page.code !== undefined && !kindsWithoutCode.has(entry.resource_type)
  return withoutAbsent<SearchText>({
    columns: filled(columns),
    description: shortened(descriptions.filter((text) => text !== undefined).join(' ')),
    code: hasCode ? codeWords(page.code, isFound) : undefined,
  })
}

function columnDescriptions({ columns, parameters }: SitePage): string[] {
  return (columns ?? parameters ?? []).flatMap(({ description }) =>
    description === undefined ? [] : [description.replaceAll(/<[^>]*>/gu, ' ')],
  )
}

function shortened(text: string): string | undefined {
  const line = text.replaceAll(/\s+/gu, ' ').trim().slice(0, descriptionLengthMax)
  return line === '' ? undefined : line
}

function codeWords(code: string, isFound: ReadonlySet<string>): string | undefined {
  const words = new Set(code.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_]{2,}/gu) ?? [])
  const rare = [...words].filter((word) => !frequentWords.has(word) && !isFound.has(word))
  return rare.length === 0 ? undefined : rare.join(' ')
}
