import { describe, expect, test } from 'vitest'
import { type Environment, createEnvironment } from './environment.ts'
import { returnFromMacro } from './error-location.ts'
import { attributeOf, callObject, isMapping, truthOf } from './protocol.ts'
import { PyDict, PySet, PyTuple } from './python-collections.ts'
import { PyFloat } from './python-number.ts'
import { NativeFunction } from './signature.ts'
import { TemplateError } from './template-error.ts'

const environment = createEnvironment()

function errorOf(action: () => unknown): TemplateError {
  try {
    action()
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const render = (source: string, context = {}) => environment.parse(source, 'a.sql').render(context)

describe('values of the host', () => {
  test('plain objects and arrays are dicts and lists that templates write through to', () => {
    const context = { config: { tags: ['a'] } as Record<string, unknown> }
    render(`{% do config.update({'x': 1}) %}{% do config.tags.append('b') %}`, context)
    expect(context.config).toEqual({ tags: ['a', 'b'], x: 1 })
  })

  test('integral numbers are ints, other numbers floats, and PyFloat is an integral float', () => {
    expect(render('{{ a }} {{ b }} {{ c }} {{ c + a }}', { a: 1, b: 1.5, c: new PyFloat(1) })).toBe('1 1.5 1.0 2.0')
  })

  test('null is none, and a name or property that is undefined does not exist', () => {
    expect(render('{{ a }} {{ b is defined }} {{ c.d is defined }}', { a: null, b: undefined, c: {} })).toBe(
      'None False False',
    )
  })

  test('a context may be a chain of prototypes with getters, but what every object has is not in it', () => {
    const base = {
      get lazy() {
        return 'computed'
      },
    }
    expect(render('{{ lazy }}{{ toString is defined }}{{ constructor is defined }}', Object.create(base))).toBe(
      'computedFalseFalse',
    )
  })

  test('objects of classes show properties, getters and bound methods, and print by toString', () => {
    class Relation {
      readonly schema = 's'
      #name = 't'
      get identifier() {
        return this.#name
      }
      include(part: unknown) {
        return `${this.#name}/${String(part)}`
      }
      toString() {
        return `"s"."${this.#name}"`
      }
    }
    const source = `{{ r }} {{ [r] }} {{ r.schema }}.{{ r['identifier'] }} {{ r.include('x') }} {{ r.nope is defined }}`
    expect(render(source, { r: new Relation() })).toBe('"s"."t" ["s"."t"] s.t t/x False')
  })

  test('constructors, prototypes and names with an underscore are out of reach', () => {
    class Secret {
      _password = 'p'
      open() {
        return 1
      }
    }
    const names = ['constructor', '__proto__', '_password', 'prototype', 'hasOwnProperty', 'toString']
    const source = names.map(
      (name) => `{{ o.${name} is defined }}{{ o['${name}'] is defined }}{{ f.${name} is defined }}`,
    )
    expect(render(source.join(''), { o: new Secret(), f: () => 1 })).not.toContain('True')
    expect(render(`{{ o.open.constructor is defined }}`, { o: new Secret() })).toBe('False')
    expect(
      render(`{{ {}.constructor is defined }}{{ {}['__proto__'] is defined }}{{ [].constructor is defined }}`),
    ).toBe('FalseFalseFalse')
  })

  test('a key named __proto__ is only a key', () => {
    const target: Record<string, unknown> = {}
    render(`{% do target.update({'__proto__': {'polluted': 1}}) %}`, { target })
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
    expect(Object.hasOwn(target, '__proto__')).toBe(true)
  })

  test('functions with properties keep them', () => {
    const column = Object.assign((name: unknown) => `col ${String(name)}`, {
      translate: (type: unknown) => `t:${String(type)}`,
    })
    expect(render(`{{ api.Column('a') }} {{ api.Column.translate('b') }}`, { api: { Column: column } })).toBe(
      'col a t:b',
    )
  })

  test('an object decides by the protocol what it is', () => {
    const odd = {
      [attributeOf]: (name: string) => (name === 'x' ? 'attribute' : undefined),
      [callObject]: (args: readonly unknown[], kwargs: object) => `called ${args.length} ${Object.keys(kwargs).join()}`,
      [isMapping]: true,
      [truthOf]: () => false,
    }
    const object: object = Object.assign(Object.create({ isNoPlainObject: true }) as object, odd)
    expect(render(`{{ o.x }} {{ o(1, a=2) }} {{ o is mapping }} {{ 'yes' if o else 'no' }}`, { o: object })).toBe(
      'attribute called 1 a True no',
    )
  })

  test('tuples, dicts and sets that a host makes are Python ones', () => {
    const context = {
      t: new PyTuple([1]),
      d: new PyDict([[new PyTuple([1]), 'x']]),
      s: new PySet([1, new PyFloat(1), true]),
    }
    expect(render(`{{ t }}{{ d[t] }}{{ s }}{{ s.union([2])|length }}{{ s - s }}`, context)).toBe('(1,)x{1}2set()')
  })
})

describe('functions of the host', () => {
  test('get positional values, and none where they return nothing', () => {
    expect(render(`{{ f(1, 'a') }} {{ g() }}`, { f: (a: unknown, b: unknown) => [b, a], g: () => undefined })).toBe(
      "['a', 1] None",
    )
  })

  test('take keywords by name when they are native functions', () => {
    const ref = new NativeFunction('ref', 'model version?', (model: unknown, version: unknown = 'latest') => [
      model,
      version,
    ])
    expect(render(`{{ ref('a') }}{{ ref('a', version=2) }}{{ ref(version=3, model='b') }}`, { ref })).toBe(
      "['a', 'latest']['a', 2]['b', 3]",
    )
    expect(errorOf(() => render(`{{ ref() }}`, { ref })).reason).toBe("ref() missing a required argument: 'model'")
    expect(errorOf(() => render(`{{ ref('a', v=2) }}`, { ref })).reason).toBe(
      "ref() got an unexpected keyword argument 'v'",
    )
  })

  test('refuse keywords when they are plain functions', () => {
    expect(errorOf(() => render('{{ f(a=1) }}', { f: () => 1 })).kind).toBe('type')
  })

  test('that throw are reported with their place and as the cause', () => {
    const cause = new Error('no such table')
    const fail = () => {
      throw cause
    }
    const error = errorOf(() => render('a\n {{ fail() }}', { fail }))
    expect(error).toMatchObject({ kind: 'host', reason: 'no such table', line: 2, cause })
  })

  test('are filters, tests and globals of an environment', () => {
    const own = createEnvironment({
      filters: { shout: (value: unknown) => `${String(value)}!`, upper: () => 'mine' },
      tests: { short: (value: unknown) => String(value).length < 3 },
      globals: { version: '1.0' },
    })
    expect(own.parse(`{{ 'a'|shout }}{{ 'a'|upper }}{{ 'abc' is short }}{{ version }}`).render({})).toBe(
      'a!mineFalse1.0',
    )
    expect(own.parse(`{{ ['a', 'b']|map('shout')|join }}`).render({ version: 2 })).toBe('a!b!')
  })
})

describe('asynchronous rendering', () => {
  const query = async (sql: unknown) => [`${String(sql)} 1`, `${String(sql)} 2`]

  test('awaits promises wherever a call stands', async () => {
    const source = `{% macro rows(sql) %}{% for r in query(sql) if check(r) %}{{ r }};{% endfor %}{% endmacro %}
{%- set first = query('s')[0] %}{{ first }}|{{ rows('t') }}|{% if query('u')|length == 2 %}two{% endif %}|
{%- call wrap() %}{{ query('v')|last }}{% endcall %}{% macro wrap() %}<{{ caller() }}>{% endmacro %}`
    const context = { query, check: async (row: unknown) => String(row).endsWith('2') }
    await expect(environment.parse(source).renderAsync(context)).rejects.toThrow("'wrap' is undefined")
    const fixed = source
      .replace(/(\{% macro wrap.*endmacro %\})$/, '')
      .replace(/^/, '{% macro wrap() %}<{{ caller() }}>{% endmacro %}')
    expect(await environment.parse(fixed).renderAsync(context)).toBe('s 1|t 2;|two|<v 2>')
  })

  test('awaits filters of the host', async () => {
    const own = createEnvironment({ filters: { later: async (value: unknown) => `later ${String(value)}` } })
    expect(await own.parse(`{{ 'a'|later|upper }}`).renderAsync({})).toBe('LATER A')
  })

  test('reports a rejection at the call, with the macros that led there', async () => {
    const source = `{% macro inner() %}\n  {{ q() }}\n{% endmacro %}{% macro outer() %}{{ inner() }}{% endmacro %}\n\n{{ outer() }}`
    const cause = new Error('connection lost')
    const failing = environment.parse(source, 'm.sql').renderAsync({ q: () => Promise.reject(cause) })
    await expect(failing).rejects.toMatchObject({
      kind: 'host',
      templateName: 'm.sql',
      line: 2,
      column: 7,
      cause,
      macroStack: [
        { macroName: 'inner', templateName: 'm.sql', line: 3, column: 42 },
        { macroName: 'outer', templateName: 'm.sql', line: 5, column: 9 },
      ],
    })
  })

  test('is refused where rendering is synchronous, and the promise is not left unobserved', () => {
    const error = errorOf(() => render('x {{ q() }}', { q: () => Promise.reject(new Error('unobserved')) }))
    expect(error).toMatchObject({ kind: 'runtime', line: 1, column: 7 })
  })

  test('keeps renderings that go on at once apart', async () => {
    const template = environment.parse(
      `{% set x = n %}{% do wait() %}{% for i in [1, 2] %}{% do wait() %}{{ x }}{% endfor %}`,
    )
    const wait = () => new Promise((resolve) => setImmediate(resolve))
    const texts = await Promise.all([1, 2, 3].map((n) => template.renderAsync({ n, wait })))
    expect(texts).toEqual(['11', '22', '33'])
  })
})

describe('errors', () => {
  test('tell template, line and column, and the macros that were being executed', () => {
    const source = `{% macro a(x) %}{{ x.y.z }}{% endmacro %}\n{% macro b() %}\n  {{ a({}) }}\n{% endmacro %}\n\n  {{ b() }}`
    expect(errorOf(() => render(source)).message).toBe(
      [
        "'dict object' has no attribute 'y'",
        '  at a.sql:1:23',
        '  in macro a, called at a.sql:3:7',
        '  in macro b, called at a.sql:6:7',
      ].join('\n'),
    )
  })

  test.each([
    ['{{ 1 +\n  }}', 2, 3],
    ['a\n  {% if x %}\n  {% endfor %}', 3, 6],
    ['{{ "a\nb" ! }}', 2, 4],
    ['{{ foo(1,\n   bar(2) }}', 2, 11],
    ['{% nope %}', 1, 4],
    ["\n{{ 'a'|nope }}", 2, 8],
  ])('of syntax point at the offending token: %j', (source, line, column) => {
    expect(errorOf(() => render(source))).toMatchObject({ line, column })
  })

  test.each([
    ['{{ a.b + (1 - "x") }}', 13],
    ['{{ x ~ missing.y }}', 15],
    ['{{ [1, 2][::0] }}', 11],
    ['{% for i in 5 %}{% endfor %}', 4],
    ['{{ "a" | int(base="x") }}', 10],
    ['{{ 1 is divisibleby 0 }}', 6],
    ['{% set a, b = 1 %}', 4],
    ['{{ 1 < "a" }}', 6],
    ['{{ missing() }}', 11],
  ])('in values point at the operation: %s', (source, column) => {
    expect(errorOf(() => render(source, { a: { b: 1 }, x: 1 }))).toMatchObject({ line: 1, column })
  })

  test('an unclosed string says so', () => {
    expect(errorOf(() => render(`{{ 'abc }}`)).reason).toContain('the string is not closed')
  })

  test('a tag that needs other templates says so', () => {
    expect(errorOf(() => render(`{% include 'x' %}`)).reason).toContain('does not load')
  })
})

describe('limits', () => {
  const tight = createEnvironment({ limits: { stepsMax: 10_000, depthMax: 50 } })

  test('end a template that takes too many steps', () => {
    const source = `{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}`
    expect(errorOf(() => tight.parse(source).render({}))).toMatchObject({ kind: 'limit', line: 1 })
  })

  test('end macros and recursive loops that call themselves for ever', () => {
    expect(errorOf(() => tight.parse(`{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}`).render({})).kind).toBe('limit')
    const loop = `{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}`
    expect(errorOf(() => tight.parse(loop).render({})).kind).toBe('limit')
  })

  test('hold before the stack of JavaScript ends, whose end is reported likewise', () => {
    const error = errorOf(() => render(`{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}`))
    expect(error.reason).toBe('macros call one another more than 200 levels deep')
    const heavy = `${'{% if 1 %}{% for i in [1] %}'.repeat(20)}{{ m() }}${'{% endfor %}{% endif %}'.repeat(20)}`
    expect(errorOf(() => render(`{% macro m() %}${heavy}{% endmacro %}{{ m() }}`)).kind).toBe('limit')
  })

  test.each(['(', '[', '-', 'not ', '{1:'])(
    'refuse %s nested thousands of levels deep as a syntax error',
    (opening) => {
      expect(errorOf(() => render(`{{ ${opening.repeat(20_000)}1 }}`)).kind).toBe('syntax')
    },
  )

  test('refuse blocks nested thousands of levels deep', () => {
    const error = errorOf(() => render('{% if 1 %}'.repeat(20_000) + '{% endif %}'.repeat(20_000)))
    expect(error.kind).toBe('syntax')
  })

  test('allow long chains of operators', () => {
    expect(render(`{{ ${'1 + '.repeat(1_000)}1 }}`)).toBe('1001')
    expect(render(`{{ ${"'a' ~ ".repeat(5_000)}'a' }}`)).toBe('a'.repeat(5_001))
  })

  test('refuse repetitions, powers and widths that would exhaust memory', () => {
    for (const expression of [
      `'ab' * 10 ** 9`,
      `[0] * 10 ** 9`,
      `10 ** (10 ** 8)`,
      `'%999999999d' % 1`,
      `'a'.center(10 ** 9)`,
    ]) {
      expect(['limit', 'value']).toContain(errorOf(() => render(`{{ ${expression} }}`)).kind)
    }
  })

  test('an aborted signal ends rendering with its reason', async () => {
    const reason = new Error('stopped')
    const source = `{% for i in range(100000) %}{% if i == 10 %}{{ stop() }}{% endif %}{% endfor %}`
    const controller = new AbortController()
    const context = { stop: () => controller.abort(reason) }
    expect(() => environment.parse(source).render(context, { signal: controller.signal })).toThrow(reason)
    const later = new AbortController()
    const waiting = environment
      .parse(`{{ wait() }}{{ 1 }}`)
      .renderAsync({ wait: async () => later.abort(reason) }, { signal: later.signal })
    await expect(waiting).rejects.toBe(reason)
  })
})

describe('macros', () => {
  test('end with the value that a host function returns for them', () => {
    const source = `{% macro m() %}a{% for i in [1, 2] %}{{ return([i, 'x']) }}{% endfor %}b{% endmacro %}{{ m()[0] }}{{ m() }}`
    expect(render(source, { return: returnFromMacro })).toBe("1[1, 'x']")
    expect(errorOf(() => render('{{ return(1) }}', { return: returnFromMacro })).kind).toBe('runtime')
  })

  test('return from a call block through the macro that called it', () => {
    const source = `{% macro m() %}a{{ caller() }}b{% endmacro %}{% macro n() %}[{% call m() %}{{ return('r') }}{% endcall %}]{% endmacro %}{{ n() }}`
    expect(render(source, { return: returnFromMacro })).toBe('[r]')
  })

  test('come out of a template as values that templates and hosts call', async () => {
    const library = environment.parse(
      `{% set _hidden = 1 %}{% set scale = 2 %}{% macro twice(x, y=scale) %}{{ x * y }}{% endmacro %}{% macro ask() %}{{ query() }}{% endmacro %}`,
      'lib.sql',
    )
    const module = library.module({ query: async () => 'answer' })
    expect([...module.exports.keys()]).toEqual(['scale', 'twice', 'ask'])
    expect(module.macros.get('twice')?.parameterNames).toEqual(['x', 'y'])
    expect(module.macros.get('twice')?.call([3])).toBe('6')
    expect(module.macros.get('twice')?.call([], { x: 3, y: 5 })).toBe('15')
    await expect(module.macros.get('ask')?.call()).resolves.toBe('answer')
    const context = { lib: Object.fromEntries(module.exports), dispatch: (name: string) => module.macros.get(name) }
    expect(
      await environment.parse(`{{ lib.twice(4) }} {{ lib.ask() }} {{ dispatch('twice')(5) }}`).renderAsync(context),
    ).toBe('8 answer 10')
  })

  test('of other templates are charged to the rendering that calls them, and name their own file in errors', () => {
    const tight = createEnvironment({ limits: { depthMax: 30 } })
    const context: Record<string, unknown> = {}
    context['a'] = tight.parse(`{% macro a() %}{{ b() }}{% endmacro %}`, 'a.sql').module(context).macros.get('a')
    context['b'] = tight.parse(`{% macro b() %}\n{{ a() }}{% endmacro %}`, 'b.sql').module(context).macros.get('b')
    const error = errorOf(() => tight.parse('{{ a() }}', 'model.sql').render(context))
    expect(error.kind).toBe('limit')
    expect(error.macroStack).toHaveLength(30)
    expect(error.macroStack.at(-1)).toEqual({ macroName: 'a', templateName: 'model.sql', line: 1, column: 5 })
    expect(error.macroStack.at(-2)).toEqual({ macroName: 'b', templateName: 'a.sql', line: 1, column: 20 })
  })

  test('are listed with parameters, annotations and their place in the source', () => {
    const source = `-- x\n{% macro m(a: string, b: dict[str, list[int]] = none) -%}\nbody\n{%- endmacro %}\n`
    const [macro] = environment.parse(source).macros
    expect(macro?.parameters.map(({ name, annotation }) => [name, annotation])).toEqual([
      ['a', 'string'],
      ['b', 'dict[str, list[int]]'],
    ])
    expect(source.slice(macro?.start, macro?.end)).toBe(source.slice(5, -1))
    expect(source.slice(macro?.bodyStart, macro?.bodyEnd)).toBe('\nbody\n')
    expect(macro?.position).toEqual({ line: 2, column: 4, offset: 8 })
  })
})

describe('tags of the host', () => {
  const own: Environment = createEnvironment({
    tags: {
      test: (parser, position) => {
        const name = parser.stream.expect('name').value
        return parser.parseMacro({ tag: 'test', name: `test_${name}`, parameters: parser.parseParameters() }, position)
      },
      materialization: (parser, position) => {
        const name = parser.stream.expect('name').value
        const settings: Record<string, unknown> = {}
        while (parser.stream.skipOperator(',')) {
          const key = parser.stream.expect('name').value
          settings[key] = parser.stream.skipOperator('=') ? parser.parseExpression() : true
        }
        return parser.parseMacro({ tag: 'materialization', name, parameters: [], settings }, position)
      },
    },
  })

  test('become macros', () => {
    const source = `{% test positive(model, column) %}select {{ column }} from {{ model }}{% endtest %}{% materialization t, adapter='duckdb', x %}m{% endmaterialization %}`
    const template = own.parse(source)
    expect(template.macros.map(({ tag, name }) => [tag, name])).toEqual([
      ['test', 'test_positive'],
      ['materialization', 't'],
    ])
    expect(template.macros[1]?.settings).toMatchObject({ adapter: { kind: 'Constant', value: 'duckdb' }, x: true })
    expect(template.module({}).macros.get('test_positive')?.call(['m', 'c'])).toBe('select c from m')
  })

  test('are named in errors about their end', () => {
    const error = errorOf(() => own.parse('{% test a() %}x'))
    expect(error.reason).toBe(
      "Unexpected end of template. Jinja was looking for the following tags: 'endtest'. The innermost block that needs to be closed is 'test'.",
    )
  })
})

test('values that are printed can be had as values', () => {
  expect(environment.parse('{{ [1, 2] }}').renderValues({})).toEqual([[1, 2]])
  expect(environment.parse('a{{ 1 }}').renderValues({})).toEqual(['a', 1])
})

test('a rendering can choose what undefined means', () => {
  const template = environment.parse('{{ a.b.c(1)[0] }}')
  expect(template.render({}, { undefined: 'chainable' })).toBe('')
  expect(errorOf(() => template.render({})).kind).toBe('undefined')
  expect(errorOf(() => environment.parse('{{ a }}').render({}, { undefined: 'strict' })).reason).toBe(
    "'a' is undefined",
  )
})

test('an object that has no constructor can be printed and asked for what it lacks', () => {
  const thing = Object.create(Object.create(null) as object) as object
  expect(createEnvironment().parse('{{ thing }} {{ thing.name is defined }}').render({ thing })).toBe(
    '<object object> False',
  )
})
