import type { JsonSchema } from '../config/json-schema.ts'

/** docs/reference/config.md, from the schema of the configuration. */
export function configReference(schema: JsonSchema): string {
  const properties = schema.properties!
  return [
    '# eclusa.yaml',
    generatedNote,
    introduction,
    '## Keys',
    keyTable(schema),
    ...section('defaults', properties['defaults']!),
    ...section('streams', streamObject(properties['streams']!)),
    ...section('limits', properties['limits']!),
    ...partSections('source', properties['source']!),
    ...partSections('destination', properties['destination']!),
    ...stepSections(properties['steps']!),
  ].join('\n\n')
}

const generatedNote =
  '<!-- Written by `pnpm --filter eclusa reference` from the schema of the configuration. Do not edit. -->'

const introduction = `A pipeline is described by one file, \`eclusa.yaml\`, or by \`eclusa.config.ts\`, which exports the same shape by default.
Unknown keys are refused. All faults are reported at once, each with its line and column.
Paths are relative to the folder of the file.

**References.** \`\${env:NAME}\` stands for an environment variable, \`\${file:path}\` for the content of a file without the line
break at its end. \`$\${\` writes a plain \`\${\`. Secrets can be given by reference only; their values are hidden in all output.
Between \`{ }\` or \`[ ]\` YAML wants a reference in quotes. A command resolves only what it uses: \`eclusa query\` needs no
password of the source.

**Editors.** \`eclusa init\` writes a schema beside the configuration; \`eclusa schema\` prints it. The line
\`# yaml-language-server: $schema=./.eclusa/eclusa.schema.json\` makes editors complete and check the file.`

function section(name: string, schema: JsonSchema): string[] {
  return [`## ${name}`, ...(schema.description === undefined ? [] : [schema.description]), keyTable(schema)]
}

function streamObject({ items }: JsonSchema): JsonSchema {
  return items!.anyOf!.find(({ type }) => type === 'object')!
}

function partSections(kind: 'source' | 'destination', schema: JsonSchema): string[] {
  return schema.oneOf!.flatMap((part) => {
    const name = plain(part.properties!['connector']!.const)
    return [`## ${kind}: ${name}`, part.description ?? '', keyTable(part)]
  })
}

function stepSections({ items }: JsonSchema): string[] {
  return items!.oneOf!.flatMap((step) =>
    Object.entries(step.properties!).flatMap(([name, options]) => [
      `## step: ${name}`,
      options.description ?? '',
      keyTable(options),
    ]),
  )
}

function keyTable(schema: JsonSchema): string {
  const rows = rowsOf(schema, '').map(
    ({ key, type, description }) => `| \`${key}\` | ${cell(type)} | ${cell(description)} |`,
  )
  return ['| key | value | |', '|---|---|---|', ...rows].join('\n')
}

interface Row {
  readonly key: string
  readonly type: string
  readonly description: string
}

function rowsOf({ properties = {}, required = [] }: JsonSchema, prefix: string): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`
    const description = `${required.includes(name) ? '**Required.** ' : ''}${schema.description ?? ''}`
    const nested = prefix === '' ? nestedObjects(schema).flatMap((object) => rowsOf(object, `${key}.`)) : []
    const named =
      typeof schema.additionalProperties === 'object' ? rowsOf(schema.additionalProperties, `${key}.<name>.`) : []
    return [{ key, type: typeOf(schema), description }, ...nested, ...named]
  })
}

/** Objects that are one of several forms of a value are described here; whole sections have a table of their own. */
/** Sources and destinations have sections of their own. */
function isPart(properties: NonNullable<JsonSchema['properties']>): boolean {
  return Object.hasOwn(properties, 'connector')
}

function nestedObjects({ anyOf = [], oneOf = [] }: JsonSchema): JsonSchema[] {
  return [...anyOf, ...oneOf].filter(
    ({ type, properties }) => type === 'object' && properties !== undefined && !isPart(properties),
  )
}

function typeOf(schema: JsonSchema): string {
  if (schema['secret'] === true) return 'reference to a secret'
  if (schema.const !== undefined) return `\`${plain(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((choice) => `\`${plain(choice)}\``).join(', ')
  const forms = schema.anyOf ?? schema.oneOf
  if (forms !== undefined) return [...new Set(forms.map(typeOf))].join(' or ')
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`
  if (schema.type === 'object') return 'mapping'
  return (
    { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false' }[String(schema.type)] ??
    'anything'
  )
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
}
