import { readFile } from 'node:fs/promises'
import path, { posix } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { AdapterSession } from '../adapter/adapter-session.ts'
import { ephemeralValue } from '../context/relation-value.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { OperationError } from '../jinja/template-error.ts'
import { hostFunction } from '../context/host-function.ts'
import { relationOf } from '../manifest/node.ts'
import type { ManifestNode, ModelNode, SeedNode, SourceNode } from '../manifest/node.ts'
import type { UnitTest, UnitTestFixture } from '../manifest/manifest.ts'
import { readCsv } from '../python/csv-reader.ts'
import { injectCommonTables } from './common-tables.ts'
import { templateFailed } from './compile-node.ts'
import type { RunScope } from './run-scope.ts'
import { nodeError } from './node-error.ts'

export interface CompiledUnitTest {
  /** The test as a node of its own, with the tested model's code: what the materialization `unit` runs. */
  readonly node: ManifestNode
  readonly compiledCode: string
}

export interface CompileUnitTestOptions {
  readonly session: AdapterSession
  /** Told of the SQL of each input, with the name of what it stands for. */
  onFixture?(node: ManifestNode, sql: string): void
}

/** One relation that a unit test replaces by rows. */
interface Input {
  readonly read: ManifestNode | SourceNode
  /** Name of the common table expression that holds the rows. */
  readonly name: string
  readonly sql: string
}

/**
 * The tested model's SQL, with the rows of the test in the place of all that it reads.
 *
 * @throws TEMPLATE_FAILED; MODEL_FAILED for a test whose input is not there.
 */
export async function compileUnitTest(
  run: RunScope,
  test: UnitTest,
  options: CompileUnitTestOptions,
): Promise<CompiledUnitTest> {
  const { session } = options
  const tested = testedModel(run, test)
  const node = unitNode(test, tested)
  try {
    const inputs: Input[] = []
    for (const given of test.given) {
      const input = await inputOf(run, { given, test, tested, session })
      inputs.push(input)
      options.onFixture?.({ ...node, path: `${input.read.name}.sql` }, input.sql)
    }
    const own = inputs.find(({ read }) => read.unique_id === tested.unique_id)
    const context = run.contextOf(
      node,
      { ...node },
      {
        session,
        overrides: test.overrides ?? {},
        substitutes: substitutesOf(run, inputs, test),
        extra: { this: own === undefined ? null : ephemeralValue(own.name, run.scope.dialect) },
      },
    )
    const template = run.project.templates.parse(tested.raw_code, tested.original_file_path)
    const sql = await template.renderAsync(context, { signal: run.signal })
    return { node, compiledCode: injectCommonTables(sql, inputs) }
  } catch (error) {
    throw templateFailed(node, error)
  }
}

function testedModel({ project }: RunScope, test: UnitTest): ModelNode {
  const node = project.nodes.get(test.depends_on.nodes[0] ?? '')
  if (node?.resource_type === 'model') return node
  throw new EclusaError('MODEL_FAILED', {
    message: `Unit test ${test.name} (${test.original_file_path}): the model "${test.model}" that it tests is not there, or not enabled.`,
  })
}

/** A unit test as what it is compiled and run as. */
export function unitNode(test: UnitTest, tested: ModelNode): ManifestNode {
  const name = tested.version == null ? test.name : `${test.name}_v${tested.version}`
  const { expect } = test
  const isSql = expect.format === 'sql'
  const node = {
    ...tested,
    resource_type: 'unit_test',
    name,
    alias: name,
    unique_id: test.unique_id,
    package_name: test.package_name,
    path: posix.join(posix.dirname(test.original_file_path), `${name}.sql`),
    original_file_path: test.original_file_path,
    fqn: test.fqn,
    config: {
      ...test.config,
      materialized: 'unit',
      expected_rows: isSql ? [] : (expect.rows ?? []),
      expected_sql: isSql ? expect.rows : null,
    },
    tested_node_unique_id: tested.unique_id,
    overrides: test.overrides,
  }
  return node as unknown as ManifestNode
}

async function inputOf(
  run: RunScope,
  options: {
    readonly given: UnitTest['given'][number]
    readonly test: UnitTest
    readonly tested: ModelNode
    readonly session: AdapterSession
  },
): Promise<Input> {
  const { given, test, tested, session } = options
  const read = readNode(run, given.input, tested)
  if (read === undefined) {
    throw new EclusaError('MODEL_FAILED', {
      message: nodeError(
        'Compilation',
        test,
        `Unit test '${test.name}' had an input (${given.input}) which was not found in the manifest.`,
      ),
      remedy: "Name inputs as the model does: ref('model'), source('source', 'table'), or this.",
    })
  }
  return { read, name: relationOf(read).identifier, sql: await fixtureSql(run, read, given, session) }
}

function readNode(run: RunScope, input: string, tested: ModelNode): ManifestNode | SourceNode | undefined {
  if (input.trim() === 'this') return tested
  const { environment } = run.project
  const found: (ManifestNode | SourceNode | undefined)[] = []
  const note =
    (find: (args: readonly unknown[], kwargs: KeywordArguments) => ManifestNode | SourceNode | undefined) =>
    (args: readonly unknown[], kwargs: KeywordArguments): string => {
      found.push(find(args, kwargs))
      return ''
    }
  environment.parse(`{{ ${input} }}`, 'input').render({
    ref: hostFunction(
      'ref',
      note((args, kwargs) => run.findReference(args, kwargs, tested.package_name)),
    ),
    source: hostFunction(
      'source',
      note((args) => run.findSourceReference(args, tested.package_name)),
    ),
  })
  return found[0]
}

/** The rows as a query. The relation itself tells the types, so it has to be there. */
async function fixtureSql(
  run: RunScope,
  read: ManifestNode | SourceNode,
  { rows, format }: UnitTestFixture,
  session: AdapterSession,
): Promise<string> {
  if (format === 'sql') return typeof rows === 'string' ? rows : ''
  const node = read as ManifestNode
  const given = rows === null && read.resource_type === 'seed' ? await seedRows(run, read) : rows
  const context = run.contextOf(
    node,
    { ...node },
    {
      session,
      extra: {
        this: run.relationOf(read),
        defer_relation: run.deferredTo(read.unique_id) ?? null,
        fixture_rows: Array.isArray(given) ? given.map((row) => ({ ...row })) : [],
      },
    },
  )
  const template = run.project.environment.parse('{{ get_fixture_sql(fixture_rows, none) }}', read.original_file_path)
  return await template.renderAsync(context, { signal: run.signal })
}

/** A seed of which the test says nothing stands for itself. */
async function seedRows(run: RunScope, seed: SeedNode): Promise<Readonly<Record<string, string>>[]> {
  const file = path.resolve(run.project.directory, seed.root_path, seed.original_file_path)
  const text = (await readFile(file, 'utf8')).replace(/^\ufeff/u, '')
  const [header = [], ...rows] = readCsv(text, ',').filter((row) => row.length > 0)
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])))
}

/** Every relation that the model may read; for one without rows the question itself is the fault. */
function substitutesOf(run: RunScope, inputs: readonly Input[], test: UnitTest): (id: string) => unknown {
  const byId = new Map(inputs.map(({ read, name }) => [read.unique_id, ephemeralValue(name, run.scope.dialect)]))
  return (id) => {
    const value = byId.get(id)
    if (value !== undefined) return value
    throw new OperationError(
      'runtime',
      `Unit test '${test.name}' gives no rows for ${id}, which the model reads: add it to "given", with rows: [] if it is to be empty`,
    )
  }
}
