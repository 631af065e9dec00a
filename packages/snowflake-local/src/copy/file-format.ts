import { compilationError } from '../engine/sql-error.ts'
import { optionGroup, optionText, optionTexts } from '../parse/ast-option.ts'
import type { Options } from '../parse/ast-option.ts'

export type FileType = 'CSV' | 'JSON' | 'PARQUET'
export type Compression = 'AUTO' | 'NONE' | 'GZIP' | 'ZSTD' | 'BROTLI' | 'DEFLATE' | 'RAW_DEFLATE' | 'SNAPPY'

/** A file format with every option that was left out at Snowflake's default. */
export interface FileFormat {
  readonly type: FileType
  readonly compression: Compression
  readonly recordDelimiter: string
  readonly fieldDelimiter: string
  readonly skipHeader: number
  readonly parseHeader: boolean
  readonly skipBlankLines: boolean
  readonly trimSpace: boolean
  /** The quote around fields, or nothing. */
  readonly enclosedBy: string | undefined
  readonly escape: string | undefined
  readonly escapeUnenclosed: string | undefined
  readonly nullIf: readonly string[]
  readonly emptyFieldAsNull: boolean
  readonly errorOnColumnCountMismatch: boolean
  readonly dateFormat: string
  readonly timeFormat: string
  readonly timestampFormat: string
  readonly binaryFormat: string
  readonly stripOuterArray: boolean
  readonly stripNullValues: boolean
  readonly binaryAsText: boolean
  readonly useLogicalType: boolean
  readonly fileExtension: string | undefined
}

/** Later options win: those of the stage, of a named format, and what the statement says itself. */
export function resolveFileFormat(...sources: readonly Options[]): FileFormat {
  const options: Options = new Map(sources.flatMap((source) => [...source]))
  const text = (name: string): string | undefined => optionText(options.get(name))
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = text(name)?.toUpperCase()
    return value === undefined ? otherwise : value === 'TRUE'
  }
  const type = (text('TYPE') ?? 'CSV').toUpperCase()
  if (type !== 'CSV' && type !== 'JSON' && type !== 'PARQUET') {
    throw compilationError('000002', '0A000', `Unsupported feature 'file format type ${type}'.`)
  }
  return {
    type,
    compression: (text('COMPRESSION') ?? 'AUTO').toUpperCase() as Compression,
    recordDelimiter: delimiter(text('RECORD_DELIMITER')) ?? '\n',
    fieldDelimiter: delimiter(text('FIELD_DELIMITER')) ?? ',',
    skipHeader: Number(text('SKIP_HEADER') ?? 0),
    parseHeader: flag('PARSE_HEADER', false),
    skipBlankLines: flag('SKIP_BLANK_LINES', false),
    trimSpace: flag('TRIM_SPACE', false),
    enclosedBy: character(text('FIELD_OPTIONALLY_ENCLOSED_BY')),
    escape: character(text('ESCAPE')),
    escapeUnenclosed: options.has('ESCAPE_UNENCLOSED_FIELD') ? character(text('ESCAPE_UNENCLOSED_FIELD')) : '\\',
    nullIf: options.has('NULL_IF') ? optionTexts(options.get('NULL_IF')) : type === 'CSV' ? ['\\N'] : [],
    emptyFieldAsNull: flag('EMPTY_FIELD_AS_NULL', true),
    errorOnColumnCountMismatch: flag('ERROR_ON_COLUMN_COUNT_MISMATCH', true),
    dateFormat: text('DATE_FORMAT') ?? 'AUTO',
    timeFormat: text('TIME_FORMAT') ?? 'AUTO',
    timestampFormat: text('TIMESTAMP_FORMAT') ?? 'AUTO',
    binaryFormat: text('BINARY_FORMAT') ?? 'HEX',
    stripOuterArray: flag('STRIP_OUTER_ARRAY', false),
    stripNullValues: flag('STRIP_NULL_VALUES', false),
    binaryAsText: flag('BINARY_AS_TEXT', true),
    useLogicalType: flag('USE_LOGICAL_TYPE', false),
    fileExtension: text('FILE_EXTENSION'),
  }
}

/** What `FILE_FORMAT = (…)` says: the options, and the name of a format that they build on. */
export function fileFormatOptions(options: Options): { readonly name: string | undefined; readonly options: Options } {
  const value = options.get('FILE_FORMAT')
  const group = optionGroup(value)
  const name = value?.kind === 'options' ? optionText(group.get('FORMAT_NAME')) : optionText(value)
  return { name, options: group }
}

const none = 'NONE'

function character(text: string | undefined): string | undefined {
  return text === undefined || text.toUpperCase() === none || text === '' ? undefined : unescape(text)
}

function delimiter(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return text.toUpperCase() === none ? '' : unescape(text)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '0': '\0' }

/** The lexer has read `'\t'` already; what came in double backslashes or as octal or hex is read here. */
function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-fA-F]{2})|([0-7]{3})|(.))/gu,
    (all, hex: string, octal: string, letter: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      return escapes[letter] ?? (letter === '\\' ? '\\' : all)
    },
  )
}
