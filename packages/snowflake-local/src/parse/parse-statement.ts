import type { Comment, Drop, ObjectKind, Undrop } from './ast-ddl.ts'
import type { ObjectName } from './ast-expression.ts'
import type { Statement } from './ast-statement.ts'
import { parseAlter } from './parse-alter.ts'
import { parseCopy } from './parse-copy.ts'
import { parseCreate, plainKinds } from './parse-create.ts'
import {
  parseDelete,
  parseFileStatement,
  parseInsert,
  parseMerge,
  parseTransfer,
  parseTruncate,
  parseUpdate,
} from './parse-dml.ts'
import { parseExpression } from './parse-expression.ts'
import { grantableKinds, parseGrant } from './parse-grant.ts'
import { parseQuery } from './parse-query.ts'
import {
  parseAlterSession,
  parseCallStatement,
  parseDescribe,
  parseExecute,
  parseExplain,
  parseSet,
  parseUnset,
  parseUse,
} from './parse-session.ts'
import { parseShow } from './parse-show.ts'
import { TokenReader, type KnownTexts } from './token-reader.ts'

const grammar = { expression: parseExpression, query: parseQuery }

/** Parses one statement; a semicolon may stand at its end. @throws SqlError 001003 with line and position. */
export function parseStatement(sql: string, known?: KnownTexts): Statement {
  const reader = new TokenReader(sql, grammar, known)
  const statement = parseAny(reader)
  while (reader.takeSymbol(';'));
  if (reader.token.kind !== 'end') throw reader.unexpected()
  return statement
}

/** Parses the text of an expression, as defaults and conditions are kept. */
export function parseExpressionText(sql: string): ReturnType<typeof parseExpression> {
  const reader = new TokenReader(sql, grammar)
  const expression = reader.expression()
  if (reader.token.kind !== 'end') throw reader.unexpected()
  return expression
}

type Rule = (reader: TokenReader) => Statement

/** By first word. A rule is given the reader at that word. */
const rules: Readonly<Record<string, Rule>> = {
  SELECT: parseQuery,
  WITH: parseQuery,
  VALUES: parseQuery,
  INSERT: parseInsert,
  UPDATE: parseUpdate,
  DELETE: parseDelete,
  MERGE: parseMerge,
  TRUNCATE: parseTruncate,
  COPY: parseCopy,
  PUT: parseTransfer,
  GET: parseTransfer,
  LIST: parseFileStatement,
  LS: parseFileStatement,
  REMOVE: parseFileStatement,
  RM: parseFileStatement,
  CREATE: parseCreate,
  ALTER: after(parseAlterAny),
  DROP: after(parseDrop),
  UNDROP: after(parseUndrop),
  GRANT: parseGrant,
  REVOKE: parseGrant,
  COMMENT: after(parseComment),
  USE: after(parseUse),
  SET: after(parseSet),
  UNSET: after(parseUnset),
  SHOW: after(parseShow),
  DESCRIBE: after(parseDescribe),
  DESC: after(parseDescribe),
  EXPLAIN: after((reader) => parseExplain(reader, parseAny)),
  EXECUTE: after(parseExecute),
  CALL: after(parseCallStatement),
  BEGIN: after(parseBegin),
  START: after(parseBegin),
  COMMIT: after((reader) => parseEnd(reader, 'commit')),
  ROLLBACK: after((reader) => parseEnd(reader, 'rollback')),
}

function after(rule: Rule): Rule {
  return (reader) => {
    reader.next()
    return rule(reader)
  }
}

function parseAny(reader: TokenReader): Statement {
  if (reader.isSymbol('(')) return parseQuery(reader)
  const { token } = reader
  const rule = token.kind === 'word' ? rules[token.upper] : undefined
  if (rule === undefined) throw reader.unexpected()
  return rule(reader)
}

function parseAlterAny(reader: TokenReader): Statement {
  return reader.takeWords('SESSION') ? parseAlterSession(reader) : parseAlter(reader)
}

function parseBegin(reader: TokenReader): Statement {
  reader.takeOneOf(['TRANSACTION', 'WORK'])
  if (reader.takeWords('NAME')) reader.identifier()
  return { kind: 'begin' }
}

function parseEnd(reader: TokenReader, kind: 'commit' | 'rollback'): Statement {
  reader.takeWords('WORK')
  return { kind }
}

const droppedKinds = [
  'TABLE',
  'VIEW',
  'MATERIALIZED VIEW',
  'DYNAMIC TABLE',
  'EXTERNAL TABLE',
  ...plainKinds,
] as const satisfies readonly ObjectKind[]

function parseDrop(reader: TokenReader): Drop {
  const object = reader.expectOneOf(droppedKinds)
  const ifExists = reader.takeWords('IF', 'EXISTS')
  const name = reader.objectName()
  const word = reader.takeOneOf(['CASCADE', 'RESTRICT'])
  return { kind: 'drop', object, name, ifExists, cascade: word === 'CASCADE', restrict: word === 'RESTRICT' }
}

function parseUndrop(reader: TokenReader): Undrop {
  return { kind: 'undrop', object: reader.expectOneOf(['TABLE', 'SCHEMA', 'DATABASE']), name: reader.objectName() }
}

function parseComment(reader: TokenReader): Comment {
  const ifExists = reader.takeWords('IF', 'EXISTS')
  reader.expectWords('ON')
  const object = reader.expectOneOf(['COLUMN', ...grantableKinds])
  const name = reader.objectName()
  reader.expectWords('IS')
  return { kind: 'comment', object, name, ifExists, comment: reader.string() }
}

/** Parses a name by itself: of a stage's location, of an argument. */
export function parseObjectName(sql: string): ObjectName {
  const reader = new TokenReader(sql, grammar)
  const name = reader.objectName()
  if (reader.token.kind !== 'end') throw reader.unexpected()
  return name
}
