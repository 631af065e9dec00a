import type { TagParser } from '../jinja/statement-parser.ts'

/** A generic test is a macro called `test_<name>`; dbt also accepts `data_test` as its tag. */
const testTag =
  (tag: string): TagParser =>
  (parser, position) => {
    const name = parser.stream.expect('name').value
    return parser.parseMacro({ tag, name: `test_${name}`, parameters: parser.parseParameters() }, position)
  }

/** `{% materialization table, adapter='duckdb' %}` is the macro `materialization_table_duckdb`, without parameters. */
const materializationTag: TagParser = (parser, position) => {
  const { stream } = parser
  const name = stream.expect('name').value
  let adapter = 'default'
  let languages: readonly string[] = ['sql']
  while (stream.skipOperator(',')) {
    const setting = stream.expect('name').value
    if (setting === 'default') continue
    stream.expectOperator('=')
    const value = parser.parseExpression()
    if (setting === 'adapter' && value.kind === 'Constant') adapter = String(value.value)
    else if (setting === 'supported_languages' && value.kind === 'List')
      languages = value.items.flatMap((item) => (item.kind === 'Constant' ? [String(item.value)] : []))
    else stream.fail(`a materialization has the settings default, adapter and supported_languages, not '${setting}'`)
  }
  const settings = { supported_languages: languages }
  const head = { tag: 'materialization', name: `materialization_${name}_${adapter}`, parameters: [], settings }
  return parser.parseMacro(head, position)
}

/** The block tags that dbt adds to Jinja and that define a macro. */
export const macroTags: Readonly<Record<string, TagParser>> = {
  test: testTag('test'),
  data_test: testTag('data_test'),
  materialization: materializationTag,
}
