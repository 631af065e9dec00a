import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib from 'node:zlib'
import { readTexts, runDuckdb, streamTexts } from '../engine/duckdb.ts'
import { SqlError, compilationError } from '../engine/sql-error.ts'
import { duckdbType, integer, isSemiStructured, resultColumn, text, timestamp } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { convert } from '../function/conversion.ts'
import { quote } from '../function/sql-text.ts'
import { isOptionTrue } from '../parse/ast-option.ts'
import { listStageFiles, resolveStageFile } from '../stage/stage-files.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { CopyIntoLocationRequest, CopyResult } from './copy-request.ts'
import type { FileFormat } from './file-format.ts'

interface Unloaded {
  readonly name: string
  readonly rows: number
  /** Before compression; of Parquet the file's own size. */
  readonly inputBytes: number
  readonly outputBytes: number
}

/** COPY INTO a location: the rows of a query as files of a stage. @throws SqlError */
export async function copyIntoLocation(request: CopyIntoLocationRequest): Promise<CopyResult> {
  const files: Unloaded[] = []
  for (const folder of await partitions(request)) {
    const file = await unloadPartition(request, folder)
    if (file !== undefined) files.push(file)
  }
  const total = (count: (file: Unloaded) => number): string => String(files.reduce((sum, file) => sum + count(file), 0))
  if (isOptionTrue(request.options.get('DETAILED_OUTPUT'))) {
    return {
      columns: [
        resultColumn('FILE_NAME', text()),
        resultColumn('FILE_SIZE', integer),
        resultColumn('ROW_COUNT', integer),
      ],
      rows: files.map(({ name, outputBytes, rows }) => [name, String(outputBytes), String(rows)]),
      rowsLoaded: 0,
    }
  }
  return {
    columns: ['rows_unloaded', 'input_bytes', 'output_bytes'].map((name) => resultColumn(name, integer)),
    rows: [[total(({ rows }) => rows), total(({ inputBytes }) => inputBytes), total(({ outputBytes }) => outputBytes)]],
    rowsLoaded: 0,
  }
}

/** The folders of PARTITION BY; rows of which the expression is NULL are in one by that name. */
async function partitions({
  connection,
  partitionSql,
  source,
}: CopyIntoLocationRequest): Promise<readonly (string | undefined)[]> {
  if (partitionSql === undefined) return [undefined]
  const rows = await readTexts(
    connection,
    `SELECT DISTINCT coalesce(${partitionSql}, '_NULL_') AS folder FROM (${source.sql}) ORDER BY folder`,
  )
  return rows.map(([folder]) => folder ?? '')
}

async function unloadPartition(
  request: CopyIntoLocationRequest,
  folder: string | undefined,
): Promise<Unloaded | undefined> {
  const { connection, format, options, partitionSql, source } = request
  const filter = folder === undefined ? '' : ` WHERE coalesce(${partitionSql}, '_NULL_') = ${quote(folder)}`
  const rowsSql = `SELECT * FROM (${source.sql})${filter}`
  const [[count] = ['0']] = await readTexts(connection, `SELECT CAST(count(*) AS VARCHAR) FROM (${rowsSql})`)
  const rows = Number(count)
  if (rows === 0 && !isOptionTrue(options.get('SINGLE'))) return undefined
  const name = fileName(request, folder)
  const path = await writablePath(request, name)
  const partial = `${path}.partial`
  const inputBytes = await (format.type === 'PARQUET' ? writeParquet : writeTexts)(request, rowsSql, partial)
  await rename(partial, path)
  const { size } = await stat(path)
  return { name, rows, inputBytes: inputBytes ?? size, outputBytes: size }
}

/** `data_0_0_0.csv.gz`, below what was named; the name itself when there is to be one file. */
function fileName({ format, location, options, context }: CopyIntoLocationRequest, folder: string | undefined): string {
  const { path } = location
  const isPrefix = path !== '' && !path.endsWith('/')
  if (isOptionTrue(options.get('SINGLE'))) return isPrefix ? path : `${path}data`
  const unique =
    isOptionTrue(options.get('INCLUDE_QUERY_ID')) || folder !== undefined
      ? `data_${context.queryId}_0_0_0`
      : 'data_0_0_0'
  const base = isPrefix && folder === undefined ? `${path}_0_0_0` : unique
  const directory = isPrefix && folder === undefined ? '' : isPrefix ? `${path}/` : path
  return `${directory}${folder === undefined ? '' : `${folder}/`}${base}${extension(format)}`
}

function extension(format: FileFormat): string {
  if (format.type === 'PARQUET') return `.${format.compression === 'NONE' ? '' : 'snappy.'}parquet`.replace('..', '.')
  const compressed: Readonly<Record<string, string>> = { GZIP: '.gz', AUTO: '.gz', ZSTD: '.zst', BROTLI: '.br' }
  return `.${format.fileExtension ?? format.type.toLowerCase()}${compressed[format.compression] ?? ''}`
}

async function writablePath({ location, options }: CopyIntoLocationRequest, name: string): Promise<string> {
  const path = resolveStageFile(location.directory, name)
  if (path === undefined) throw compilationError('001003', '42000', `invalid file name '${name}'`)
  if (isOptionTrue(options.get('OVERWRITE'))) await rm(path, { force: true })
  else if ((await listStageFiles(location.directory, { path: name })).length > 0) {
    throw new SqlError({
      code: '001030',
      sqlState: '22000',
      message: `Files already existing at the unload destination: ${location.label}${name}. Use overwrite option to force unloading.`,
    })
  }
  await mkdir(dirname(path), { recursive: true })
  return path
}

/** Parquet has no offset of its own for TIMESTAMP_TZ, and JSON is text in it. */
function parquetColumn(type: SqlType, sql: string, request: CopyIntoLocationRequest): string {
  if (type.name === 'TIMESTAMP_TZ')
    return convert({ sql, type }, timestamp('TIMESTAMP_LTZ'), { context: request.context }).sql
  return isSemiStructured(type) ? `CAST(${sql} AS VARCHAR)` : `CAST(${sql} AS ${duckdbType(type)})`
}

async function writeParquet(request: CopyIntoLocationRequest, rowsSql: string, path: string): Promise<undefined> {
  const { connection, format, options, source } = request
  const named = isOptionTrue(options.get('HEADER'))
  const columns = source.columns.map(({ name, type }, index) => {
    const written = named ? quoteName(name) : quoteName(`_COL_${index}`)
    return `${parquetColumn(type, `c${index + 1}`, request)} AS ${written}`
  })
  const codec = format.compression === 'NONE' ? 'uncompressed' : format.compression === 'ZSTD' ? 'zstd' : 'snappy'
  await runDuckdb(
    connection,
    `COPY (SELECT ${columns.join(', ')} FROM (${rowsSql})) TO ${quote(path)} (FORMAT parquet, COMPRESSION ${codec})`,
  )
  return undefined
}

async function writeTexts(request: CopyIntoLocationRequest, rowsSql: string, path: string): Promise<number> {
  const { connection, context, format, source } = request
  const written = source.columns.map(({ type }, index) => {
    const value = { sql: `c${index + 1}`, type }
    const asked = formatOf(type, format)
    return convert(value, text(), { context, ...(asked === undefined ? {} : { format: quote(asked) }) }).sql
  })
  const isJson = format.type === 'JSON'
  const [first] = source.columns
  if (isJson && (source.columns.length !== 1 || first === undefined || !isSemiStructured(first.type))) {
    throw compilationError('000002', '0A000', 'JSON unload requires one column of type VARIANT, OBJECT or ARRAY.')
  }
  const selected = isJson ? 'CAST(c1 AS VARCHAR)' : written.join(', ')
  let bytes = 0
  async function* lines(): AsyncGenerator<Buffer> {
    if (!isJson && isOptionTrue(request.options.get('HEADER'))) {
      yield Buffer.from(
        csvLine(
          source.columns.map(({ name }) => name),
          format,
          () => true,
        ),
      )
    }
    const isQuoted = (index: number): boolean => source.columns[index]?.type.name !== 'NUMBER'
    for await (const rows of streamTexts(connection, `SELECT ${selected} FROM (${rowsSql})`)) {
      const texts = rows.map((row) => (isJson ? `${row[0] ?? ''}\n` : csvLine(row, format, isQuoted)))
      yield Buffer.from(texts.join(''))
    }
  }
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const line of lines()) {
      bytes += line.byteLength
      yield line
    }
  }
  const output = createWriteStream(path)
  const compressor = compressorOf(format)
  if (compressor === undefined) await pipeline(Readable.from(counted()), output)
  else await pipeline(Readable.from(counted()), compressor, output)
  return bytes
}

function formatOf(type: SqlType, format: FileFormat): string | undefined {
  const asked =
    type.name === 'DATE'
      ? format.dateFormat
      : type.name === 'TIME'
        ? format.timeFormat
        : type.name.startsWith('TIMESTAMP')
          ? format.timestampFormat
          : undefined
  return asked === undefined || asked.toUpperCase() === 'AUTO' ? undefined : asked
}

function compressorOf({ compression }: FileFormat): NodeJS.ReadWriteStream | undefined {
  switch (compression) {
    case 'AUTO':
    case 'GZIP':
      return zlib.createGzip()
    case 'ZSTD':
      return zlib.createZstdCompress()
    case 'BROTLI':
      return zlib.createBrotliCompress()
    case 'DEFLATE':
      return zlib.createDeflate()
    case 'RAW_DEFLATE':
      return zlib.createDeflateRaw()
    default:
      return undefined
  }
}

/** The first of NULL_IF stands for NULL. */
function csvLine(values: readonly (string | null)[], format: FileFormat, isQuoted: (index: number) => boolean): string {
  const { enclosedBy, fieldDelimiter, nullIf, recordDelimiter } = format
  const fields = values.map((value, index) => {
    if (value === null) return nullIf[0] ?? ''
    if (enclosedBy !== undefined && isQuoted(index))
      return `${enclosedBy}${value.replaceAll(enclosedBy, enclosedBy + enclosedBy)}${enclosedBy}`
    return enclosedBy === undefined ? escapeField(value, format) : value
  })
  return `${fields.join(fieldDelimiter)}${recordDelimiter}`
}

function escapeField(value: string, { escapeUnenclosed, fieldDelimiter }: FileFormat): string {
  if (escapeUnenclosed === undefined) return value
  return Array.from(value)
    .map((character) => {
      if (character === '\n') return `${escapeUnenclosed}n`
      return character === escapeUnenclosed || character === fieldDelimiter ? escapeUnenclosed + character : character
    })
    .join('')
}
