import { array, binary, boolean, integer, number, object, text } from '../catalog/sql-type.ts'
import type { FunctionRule } from './function-rule.ts'
import { same, scalar } from './scalar-rule.ts'
import type { RuleTable } from './scalar-rule.ts'

const any = text()

/** LENGTH counts characters of a text and bytes of a binary. */
const length: FunctionRule = scalar('any', number(18, 0), ([x], { arguments: [value] }) =>
  value?.type.name === 'BINARY' ? `octet_length(${x})` : `length(CAST(${x} AS VARCHAR))`,
)

const octets: FunctionRule = scalar('any', number(18, 0), ([x], { arguments: [value] }) =>
  value?.type.name === 'BINARY' ? `octet_length(${x})` : `octet_length(encode(CAST(${x} AS VARCHAR)))`,
)

const substring: FunctionRule = scalar('text int int?', any, ([x, from, count]) =>
  count === undefined ? `sf_substr_from(${x}, ${from})` : `sf_substr(${x}, ${from}, ${count})`,
)

function padding(name: 'lpad' | 'rpad'): FunctionRule {
  return scalar('text int text?', any, ([x, width, filler = "' '"]) => {
    const size = `CAST(greatest(${width}, 0) AS INTEGER)`
    return `CASE WHEN ${filler} = '' THEN left(${x}, ${size}) ELSE ${name}(${x}, ${size}, nullif(${filler}, '')) END`
  })
}

function trimming(name: 'trim' | 'ltrim' | 'rtrim'): FunctionRule {
  return scalar('text text?', any, ([x, characters = "' '"]) => `${name}(${x}, ${characters})`)
}

const position: FunctionRule = scalar(
  'text text int?',
  number(18, 0),
  ([needle, x, from = '1']) => `sf_position(${needle}, ${x}, ${from})`,
)

const concat: FunctionRule = scalar('text*', any, (values) => `(${values.join(' || ')})`)

const like = (ignoreCase: boolean): FunctionRule =>
  scalar(
    'text text text?',
    boolean,
    ([x, pattern, escape = "''"]) => `sf_like(${x}, ${pattern}, ${escape}, ${ignoreCase})`,
  )

const regexpLike: FunctionRule = scalar(
  'text text text?',
  boolean,
  ([x, pattern, parameters = "'c'"]) => `sf_regexp_like(${x}, ${pattern}, ${parameters})`,
)

const regexpSubstring: FunctionRule = scalar(
  'text text int? int? text? int?',
  any,
  ([x, pattern, from = '1', occurrence = '1', parameters = "'c'", group = '0']) =>
    `sf_regexp_substr(${x}, ${pattern}, ${from}, ${occurrence}, ${parameters}, ${group})`,
)

const hashed = (sql: string): string => `lower(hex(${sql}))`

/** Of texts and binaries. */
const md5 = ([x]: readonly string[]): string => `md5(${x})`

export const textFunctions: RuleTable = {
  LENGTH: length,
  LEN: length,
  OCTET_LENGTH: octets,
  BIT_LENGTH: scalar('any', number(18, 0), ([x], { arguments: [value] }) =>
    value?.type.name === 'BINARY' ? `(octet_length(${x}) * 8)` : `(octet_length(encode(CAST(${x} AS VARCHAR))) * 8)`,
  ),
  UPPER: same('text', any, 'upper'),
  LOWER: same('text', any, 'lower'),
  INITCAP: scalar('text text?', any, ([x, delimiters = 'CAST(NULL AS VARCHAR)']) => `sf_initcap(${x}, ${delimiters})`),
  CONCAT: concat,
  CONCAT_WS: scalar('text text*', any, ([separator, ...values]) => `(${values.join(` || ${separator} || `)})`),
  SUBSTR: substring,
  SUBSTRING: substring,
  MID: substring,
  LEFT: scalar('text int', any, ([x, count]) => `left(${x}, greatest(${count}, 0))`),
  RIGHT: scalar('text int', any, ([x, count]) => `right(${x}, greatest(${count}, 0))`),
  LPAD: padding('lpad'),
  RPAD: padding('rpad'),
  TRIM: trimming('trim'),
  LTRIM: trimming('ltrim'),
  RTRIM: trimming('rtrim'),
  RTRIMMED_LENGTH: scalar('text', number(18, 0), ([x]) => `length(rtrim(${x}, ' '))`),
  REPEAT: scalar('text int', any, ([x, count]) => `repeat(${x}, greatest(${count}, 0))`),
  SPACE: scalar('int', any, ([count]) => `repeat(' ', ${count})`),
  REPLACE: scalar(
    'text text text?',
    any,
    ([x, from, to = "''"]) => `CASE WHEN ${from} = '' THEN ${x} ELSE replace(${x}, ${from}, ${to}) END`,
  ),
  REVERSE: same('text', any, 'reverse'),
  TRANSLATE: same('text text text', any, 'sf_translate'),
  INSERT: same('text int int text', any, 'sf_insert'),
  POSITION: position,
  CHARINDEX: position,
  CONTAINS: same('text text', boolean, 'contains'),
  STARTSWITH: same('text text', boolean, 'starts_with'),
  ENDSWITH: same('text text', boolean, 'ends_with'),
  ASCII: scalar('text', number(10, 0), ([x]) => `CASE WHEN ${x} = '' THEN 0 ELSE ascii(${x}) END`),
  UNICODE: scalar('text', number(10, 0), ([x]) => `CASE WHEN ${x} = '' THEN 0 ELSE unicode(${x}) END`),
  CHR: scalar('int', any, ([x]) => `chr(CAST(${x} AS INTEGER))`),
  CHAR: scalar('int', any, ([x]) => `chr(CAST(${x} AS INTEGER))`),
  SPLIT: same('text text', array, 'sf_split'),
  SPLIT_PART: same('text text int', any, 'sf_split_part'),
  STRTOK: scalar(
    'text text? int?',
    any,
    ([x, delimiters = "' '", index = '1']) => `sf_strtok(${x}, ${delimiters}, ${index})`,
  ),
  STRTOK_TO_ARRAY: scalar('text text?', array, ([x, delimiters = "' '"]) => `sf_strtok_to_array(${x}, ${delimiters})`),
  EDITDISTANCE: scalar('text text int?', number(10, 0), ([x, y, most]) =>
    most === undefined ? `levenshtein(${x}, ${y})` : `least(levenshtein(${x}, ${y}), ${most})`,
  ),
  JAROWINKLER_SIMILARITY: scalar(
    'text text',
    number(10, 0),
    ([x, y]) => `CAST(floor(jaro_winkler_similarity(lower(${x}), lower(${y})) * 100) AS INTEGER)`,
  ),
  SOUNDEX: same('text', any, 'sf_soundex'),
  PARSE_URL: scalar('text int?', object, ([x, permissive = '0']) => `sf_parse_url(${x}, ${permissive})`),
  LIKE: like(false),
  ILIKE: like(true),
  RLIKE: regexpLike,
  REGEXP_LIKE: regexpLike,
  REGEXP: regexpLike,
  REGEXP_COUNT: scalar(
    'text text int? text?',
    integer,
    ([x, pattern, from = '1', parameters = "'c'"]) => `sf_regexp_count(${x}, ${pattern}, ${from}, ${parameters})`,
  ),
  REGEXP_SUBSTR: regexpSubstring,
  REGEXP_EXTRACT: regexpSubstring,
  REGEXP_SUBSTR_ALL: scalar(
    'text text int? int? text? int?',
    array,
    ([x, pattern, from = '1', occurrence = '1', parameters = "'c'", group = '0']) =>
      `sf_regexp_substr_all(${x}, ${pattern}, ${from}, ${occurrence}, ${parameters}, ${group})`,
  ),
  REGEXP_INSTR: scalar(
    'text text int? int? int? text? int?',
    integer,
    ([x, pattern, from = '1', occurrence = '1', behind = '0', parameters = "'c'", group = '0']) =>
      `sf_regexp_instr(${x}, ${pattern}, ${from}, ${occurrence}, ${behind}, ${parameters}, ${group})`,
  ),
  REGEXP_REPLACE: scalar(
    'text text text? int? int? text?',
    any,
    ([x, pattern, replacement = "''", from = '1', occurrence = '0', parameters = "'c'"]) =>
      `sf_regexp_replace(${x}, ${pattern}, ${replacement}, ${from}, ${occurrence}, ${parameters})`,
  ),
  MD5: scalar('text', text(32), md5),
  MD5_HEX: scalar('text', text(32), md5),
  MD5_BINARY: scalar('text', binary(16), ([x]) => `unhex(md5(${x}))`),
  MD5_NUMBER_LOWER64: scalar('text', integer, ([x]) => `CAST('0x' || substring(md5(${x}), 17) AS UBIGINT)`),
  MD5_NUMBER_UPPER64: scalar('text', integer, ([x]) => `CAST('0x' || left(md5(${x}), 16) AS UBIGINT)`),
  SHA1: same('text', text(40), 'sf_sha1'),
  SHA1_HEX: same('text', text(40), 'sf_sha1'),
  SHA1_BINARY: scalar('text', binary(20), ([x]) => `unhex(sf_sha1(${x}))`),
  SHA2: scalar('text int?', text(128), ([x, bits = '256']) => `sf_sha2(${x}, ${bits})`),
  SHA2_HEX: scalar('text int?', text(128), ([x, bits = '256']) => `sf_sha2(${x}, ${bits})`),
  SHA2_BINARY: scalar('text int?', binary(64), ([x, bits = '256']) => `unhex(sf_sha2(${x}, ${bits}))`),
  HASH: scalar('any*', number(19, 0), (values) => `CAST(hash(${values.join(', ')}) // 2 AS BIGINT)`),
  HEX_ENCODE: scalar(
    'any int?',
    any,
    ([x, upper = '1']) => `CASE WHEN ${upper} = 0 THEN ${hashed(`${x}`)} ELSE hex(${x}) END`,
  ),
  HEX_DECODE_STRING: scalar('text', any, ([x]) => `decode(sf_to_binary(${x}, 'HEX'))`),
  HEX_DECODE_BINARY: scalar('text', binary(), ([x]) => `sf_to_binary(${x}, 'HEX')`),
  TRY_HEX_DECODE_STRING: scalar('text', any, ([x]) => `TRY(decode(sf_to_binary(${x}, 'HEX')))`),
  TRY_HEX_DECODE_BINARY: scalar('text', binary(), ([x]) => `TRY(sf_to_binary(${x}, 'HEX'))`),
  BASE64_ENCODE: scalar('any int? text?', any, ([x], { arguments: [value] }) =>
    value?.type.name === 'BINARY' ? `to_base64(${x})` : `to_base64(encode(CAST(${x} AS VARCHAR)))`,
  ),
  BASE64_DECODE_STRING: scalar('text text?', any, ([x]) => `decode(from_base64(${x}))`),
  BASE64_DECODE_BINARY: scalar('text text?', binary(), ([x]) => `from_base64(${x})`),
  TRY_BASE64_DECODE_STRING: scalar('text text?', any, ([x]) => `TRY(decode(from_base64(${x})))`),
  TRY_BASE64_DECODE_BINARY: scalar('text text?', binary(), ([x]) => `TRY(from_base64(${x}))`),
  UUID_STRING: scalar('text? text?', text(36), () => 'CAST(uuid() AS VARCHAR)'),
  RANDSTR: scalar(
    'int any',
    any,
    ([count]) =>
      `left(replace(CAST(uuid() AS VARCHAR), '-', '') || repeat(md5(CAST(random() AS VARCHAR)), ${count} // 32 + 1), ${count})`,
  ),
  COLLATE: scalar('text text', any, ([x]) => `${x}`),
}
