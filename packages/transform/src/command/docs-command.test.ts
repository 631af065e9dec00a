import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Script, createContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './run-command.ts'
import type { IndexEntry, SearchText, SiteIndex, SitePage, SitePart } from '../site-view/site-data.ts'

const files = {
  'dbt_project.yml': "name: shop\nprofile: shop\nversion: '1.0'\nasset-paths: [assets]\n",
  'profiles.yml': 'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}}}\n',
  'assets/picture.svg': '<svg/>',
  'models/overview.md': '{% docs __overview__ %}\n# The shop\n<script>alert(1)</script>\n{% enddocs %}\n',
  'models/orders.sql':
    "{{ config(materialized='table', tags=['nightly']) }}\nselect id, amount from {{ source('raw', 'orders') }} where {{ positive('amount') }}",
  'models/totals.sql': "select sum(amount) as total from {{ ref('orders') }}",
  'macros/positive.sql': '{% macro positive(column) %}{{ column }} > 0{% endmacro %}',
  'seeds/raw_orders.csv': 'id,amount\n1,10\n2,20\n3,-5\n',
  'models/schema.yml': `
sources:
  - name: raw
    description: What the till sends.
    schema: main
    tables: [{name: orders, identifier: raw_orders}]
models:
  - name: orders
    description: "One row per **order**: see ![it](assets/picture.svg)"
    meta: {owner: ada}
    columns:
      - name: id
        description: The number of the order.
        constraints: [{type: not_null}]
        data_tests: [unique, {accepted_values: {arguments: {values: [1]}}}]
      - name: gone
        description: Was there once.
unit_tests:
  - name: adds_up
    model: totals
    given: [{input: ref('orders'), rows: [{amount: 1}, {amount: 2}]}]
    expect: {rows: [{total: 3}]}
exposures:
  - name: board
    type: dashboard
    url: "javascript:alert(1)"
    owner: {name: Ada, email: ada@example.com}
    depends_on: [ref('totals')]
macros:
  - name: positive
    description: Whether there is anything.
    arguments: [{name: column, type: string, description: Which.}]
`,
}

let folder: string
let site: LoadedSite
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'eclusa docs '))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  await run('seed')
  await run('build --exclude raw_orders')
  await run('docs generate --static')
  site = await loadSite()
})
afterAll(async () => await rm(folder, { recursive: true }))

async function run(line: string, options: { signal?: AbortSignal; onLine?: (line: string) => void } = {}) {
  const output: string[] = []
  const code = await runCommand(line.split(' '), {
    program: 'eclusa transform',
    directory: folder,
    environment: {},
    hasColors: false,
    write: (text) => {
      output.push(...text.split('\n'))
      options.onLine?.(text)
    },
    signal: options.signal ?? new AbortController().signal,
  })
  return { code, output }
}

interface LoadedSite {
  readonly index: SiteIndex
  readonly texts: readonly SearchText[]
  readonly page: (id: string) => SitePage
  readonly entry: (id: string) => IndexEntry
}

/** As a browser does: by running the scripts. */
async function loadSite(target = 'target'): Promise<LoadedSite> {
  const data = new Map<string, unknown>()
  const context = createContext({ eclusaSite: (name: string, value: unknown) => data.set(name, value) })
  const place = path.join(folder, target, 'docs/data')
  for (const name of await readdir(place)) {
    new Script(await readFile(path.join(place, name), 'utf8'), { filename: name }).runInContext(context)
  }
  // What another context made is not equal to what this one makes.
  const read = (name: string) => structuredClone(data.get(name))
  const index = read('index') as SiteIndex
  const position = (id: string) => index.entries.findIndex((one) => one.id === id)
  const entry = (id: string) => index.entries.at(position(id))!
  return {
    index,
    texts: read('search') as readonly SearchText[],
    entry,
    page: (id) => new Map(Object.entries(read(`part-${entry(id).part}`) as SitePart)).get(String(position(id)))!,
  }
}

describe('docs generate', () => {
  it('has a page for every entry, what a team looks for first', () => {
    const { index, page, texts } = site
    expect(index.project).toMatchObject({ name: 'shop', warehouse: 'duckdb' })
    expect(index.entries.map(({ name }) => name)).toEqual([
      'orders',
      'totals',
      'raw.orders',
      'raw_orders',
      'board',
      'accepted_values_orders_id__1',
      'unique_orders_id',
      'adds_up',
      'positive',
    ])
    for (const { id } of index.entries) expect(page(id).facts.length).toBeGreaterThan(0)
    expect(texts).toHaveLength(index.entries.length)
  })

  it('tells of a model what the properties, the warehouse and the last run know', () => {
    const { index, entry, page } = site
    const names = (positions: readonly number[] | undefined) => positions?.map((at) => index.entries.at(at)!.name)
    expect(entry('model.shop.orders')).toMatchObject({
      status: 'success',
      materialized: 'table',
      tags: ['nightly'],
      relation: { database: 'shop', schema: 'main', identifier: 'orders' },
    })
    expect(names(entry('model.shop.orders').parents)).toEqual(['raw.orders'])
    const orders = page('model.shop.orders')
    expect(orders).toMatchObject({
      description:
        '<p>One row per <strong>order</strong>: see <img src="assets/picture.svg" alt="it" loading="lazy" referrerpolicy="no-referrer"></p>\n',
      meta: [['owner', 'ada']],
      columns: [
        { name: 'id', type: 'INTEGER', description: '<p>The number of the order.</p>', constraints: ['not null'] },
        { name: 'amount', type: 'INTEGER' },
        { name: 'gone', isMissing: true, description: '<p>Was there once.</p>' },
      ],
      lastRun: { status: 'success', command: 'build' },
      history: [{ run: 0, status: 'success' }],
    })
    expect(names(orders.tests)).toEqual(['accepted_values_orders_id__1', 'unique_orders_id'])
    expect(names(orders.columns?.[0]?.tests)).toEqual(names(orders.tests))
    expect(names(orders.macros)).toEqual(['positive'])
    expect(orders.compiledCode).toContain('from "shop"."main"."raw_orders" where amount > 0')
    expect(orders.facts).toContainEqual({ label: 'Rows, about', text: '2' })
    expect(orders.lastRun?.steps.map(({ name }) => name)).toEqual(['compile', 'execute'])
  })

  it('tells of the others what is theirs', () => {
    const { entry, page, texts, index } = site
    expect(page('source.shop.raw.orders').description).toBe('<h3>About raw</h3><p>What the till sends.</p>')
    const failed = index.entries.find(({ check }) => check === 'accepted_values')!
    expect(failed).toMatchObject({ status: 'fail', column: 'id' })
    expect(page(failed.id).lastRun).toMatchObject({ failures: 1 })
    expect(page('unit_test.shop.totals.adds_up').fixtures).toEqual([
      { title: "Given ref('orders')", columns: ['amount'], rows: [['1'], ['2']] },
      { title: 'Expected', columns: ['total'], rows: [['3']] },
    ])
    expect(page('macro.shop.positive')).toMatchObject({
      parameters: [{ name: 'column', type: 'string', description: '<p>Which.</p>' }],
      code: files['macros/positive.sql'],
    })
    expect(page('exposure.shop.board').facts).toEqual(
      expect.arrayContaining([
        { label: 'Owner', text: 'Ada', link: 'mailto:ada@example.com' },
        { label: 'Address', text: 'javascript:alert(1)' },
      ]),
    )
    expect(entry('seed.shop.raw_orders')).toMatchObject({ materialized: 'seed' })
    expect(texts[0]).toEqual({
      columns: ['id', 'amount', 'gone'],
      description: 'One row per **order**: see ![it](assets/picture.svg) The number of the order. Was there once.',
      code: 'materialized table tags nightly raw orders positive',
    })
  })

  it('shows the overview, and runs nothing of what was written into it', async () => {
    expect(site.index.overviews).toEqual([
      { packageName: 'shop', html: '<h3>The shop</h3>\n&lt;script&gt;alert(1)&lt;/script&gt;' },
    ])
    const whole = await readFile(path.join(folder, 'target/static_index.html'), 'utf8')
    expect(whole).not.toContain('<script>alert')
    const index = /<script type="application\/json" id="site-index">([^<]*)<\/script>/u.exec(whole)
    expect(JSON.parse(index?.[1] ?? '')).toEqual(site.index)
    expect(whole).toContain(await readFile(path.join(folder, 'target/docs/style.css'), 'utf8'))
  })

  it('asks no other machine for anything, and stands on names that are there', async () => {
    const html = await readFile(path.join(folder, 'target/index.html'), 'utf8')
    const links = [...html.matchAll(/(?:src|href)="(?!data:)([^"]*)"/gu)].map(([, link = '']) => link)
    expect(links).toEqual(['docs/style.css', 'docs/app.js', 'docs/data/index.js'])
    for (const link of links) await readFile(path.join(folder, 'target', link))
    await readFile(path.join(folder, 'target/assets/picture.svg'))
    // Throws where it is no script.
    expect(new Script(await readFile(path.join(folder, 'target/docs/app.js'), 'utf8'))).toBeInstanceOf(Script)
  })

  it('keeps earlier runs, and catalogs what is selected', async () => {
    expect(await run('test -s test_type:unit')).toMatchObject({ code: 0 })
    expect(await run('docs generate -s orders source:raw --no-compile')).toMatchObject({ code: 0 })
    const later = await loadSite()
    expect(later.index.runs.map(({ command }) => command)).toEqual(['test', 'build'])
    expect(later.entry('model.shop.orders').status).toBe('success')
    const catalog = JSON.parse(await readFile(path.join(folder, 'target/catalog.json'), 'utf8')) as Record<
      'nodes' | 'sources',
      object
    >
    expect([Object.keys(catalog.nodes), Object.keys(catalog.sources)]).toEqual([
      ['model.shop.orders'],
      ['source.shop.raw.orders'],
    ])
    expect(await run('docs generate --empty-catalog')).toMatchObject({ code: 0 })
    expect((await loadSite()).page('model.shop.orders').columns?.map(({ name }) => name)).toEqual(['id', 'gone'])
  })
})

describe('docs serve', () => {
  /** Serves until the address has been asked for. */
  async function serve(line: string): Promise<{ code: number; body: string }> {
    const interruption = new AbortController()
    let body = ''
    const onLine = (text: string) => {
      const address = /navigate to: (\S+)/u.exec(text)?.[1]
      if (address === undefined) return
      void fetch(address)
        .then(async (response) => (body = await response.text()))
        .finally(() => interruption.abort())
    }
    const { code } = await run(`${line} --port 0 --no-browser`, { signal: interruption.signal, onLine })
    return { code, body }
  }

  it('serves the site until it is interrupted', async () => {
    const { code, body } = await serve('docs serve')
    expect({ code, body }).toEqual({ code: 0, body: await readFile(path.join(folder, 'target/index.html'), 'utf8') })
  })

  it('makes a site of artifacts that have none, and says so when there is nothing to make it of', async () => {
    await mkdir(path.join(folder, 'other'))
    await cp(path.join(folder, 'target/manifest.json'), path.join(folder, 'other/manifest.json'))
    expect((await serve('docs serve --target-path other')).body).toContain('<title>shop docs</title>')
    expect((await loadSite('other')).page('model.shop.totals').code).toBe(files['models/totals.sql'])
    const { code, output } = await run('docs serve --target-path absent --no-browser')
    expect({ code, isExplained: output.join('\n').includes('Run `docs generate` first') }).toEqual({
      code: 2,
      isExplained: true,
    })
  })
})
