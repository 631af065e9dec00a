import type { Expected } from './conformance-case.ts'

/** What the documentation states and this endpoint does otherwise; a test sees to it that each is still so. */
export interface KnownDifference {
  readonly page: string
  readonly sql: string
  readonly stated: Expected
  readonly why: string
}

const unknownFunction = 'There is no such function here; it fails with 002140.'

export const knownDifferences: readonly KnownDifference[] = [
  {
    page: 'array_sort',
    sql: 'ARRAY_SORT(ARRAY_CONSTRUCT(20, 0, NULL, 10))',
    stated: '[0,10,20,undefined]',
    why: 'Arrays hold no `undefined`: the NULL of SQL becomes a JSON null in them.',
  },
  {
    page: 'array_min',
    sql: "ARRAY_MIN(PARSE_JSON('[null, null, null]'))",
    stated: 'null',
    why: 'For the same reason a JSON null in an array is taken for the NULL of SQL.',
  },
  {
    page: 'time_from_parts',
    sql: 'TIME_FROM_PARTS(11, 11, 0, 987654321)',
    stated: '11:11:00.987654321',
    why: 'Times are kept in microseconds; a value with more digits fails with 000002.',
  },
  {
    page: 'hash',
    sql: 'HASH(10)',
    stated: '1599627706822963068',
    why: 'HASH and HASH_AGG tell equal from unequal as they should, but their values are others than those of Snowflake.',
  },
  {
    page: 'jarowinkler_similarity',
    sql: "JAROWINKLER_SIMILARITY('święta', 'swieta')",
    stated: '77',
    why: 'DuckDB compares the bytes of letters beyond ASCII.',
  },
  {
    page: 'check_json',
    sql: "CHECK_JSON('{''Malformed -- missing val'':}')",
    stated: 'misplaced }, pos 29',
    why: 'The place is the same, the words are not.',
  },
  { page: 'compress', sql: "COMPRESS('Snowflake', 'SNAPPY')", stated: '0920536E6F77666C616B65', why: unknownFunction },
  { page: 'soundex_p123', sql: "SOUNDEX_P123('Pfister')", stated: 'P123', why: unknownFunction },
  { page: 'bitshiftright_unsigned', sql: 'BITSHIFTRIGHT_UNSIGNED(42, 1)', stated: '21', why: unknownFunction },
  { page: 'regr_valx', sql: 'REGR_VALX(2.0, 1.0)', stated: '1', why: unknownFunction },
  {
    page: 'is_date',
    sql: "IS_DATE(TO_VARIANT('2024-01-01'::DATE))",
    stated: 'true',
    why: 'A VARIANT is kept as JSON, so dates, times and binaries in it are texts; functions that ask for their type are missing.',
  },
  {
    page: 'map_size',
    sql: "MAP_SIZE({'a': 1, 'b': 2}::MAP(VARCHAR, NUMBER))",
    stated: '2',
    why: 'MAP and structured ARRAY and OBJECT types are not there; statements with them do not parse.',
  },
  {
    page: 'st_area',
    sql: "ST_AREA(TO_GEOMETRY('POLYGON((0 0, 0 1, 1 1, 1 0, 0 0))'))",
    stated: '1',
    why: 'Of GEOGRAPHY, GEOMETRY and H3 nothing is there.',
  },
]
