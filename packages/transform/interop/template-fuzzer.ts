/** Random templates from a grammar. The same seed gives the same templates on every machine. */

export type Context = Readonly<Record<string, unknown>>

export const fuzzContext: Context = {
  n: 7,
  z: 0,
  neg: -3,
  f: 2.5,
  s: 'Hello World',
  e: '',
  uni: 'naïve ☃ 😀',
  multi: 'one\ntwo\n\nthree',
  num: '42',
  yes: true,
  no: false,
  nothing: null,
  l: [3, 1, 2],
  words: ['banana', 'Apple', 'cherry', 'apple'],
  empty: [],
  nested: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  d: { b: 1, a: 2, C: 3 },
  users: [
    { name: 'Ann', age: 31, tags: ['x', 'y'], address: { city: 'Porto' } },
    { name: 'bob', age: 25, tags: [], address: { city: 'Lisboa' } },
    { name: 'Cy', age: 31, tags: ['z'], address: { city: 'porto' } },
  ],
  tree: [
    {
      v: 1,
      c: [
        { v: 2, c: [] },
        { v: 3, c: [{ v: 4, c: [] }] },
      ],
    },
  ],
}

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** mulberry32 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

type Kind = 'int' | 'float' | 'string' | 'bool' | 'list' | 'dict' | 'any'

export class TemplateFuzzer {
  readonly #random: Random
  readonly #damageProbability: number
  #names = 0
  #loopDepth = 0
  #macros: { name: string; parameterCount: number; takesRest: boolean }[] = []
  #variables: string[] = []

  /** `damageProbability`: how many of the templates are damaged, so that syntax errors are compared as well. */
  constructor(random: Random, damageProbability = 0.15) {
    this.#random = random
    this.#damageProbability = damageProbability
  }

  template(): string {
    this.#names = 0
    this.#loopDepth = 0
    this.#macros = []
    this.#variables = []
    const template = this.#body(3)
    return this.#random.chance(this.#damageProbability) ? this.#damage(template) : template
  }

  #damage(template: string): string {
    const random = this.#random
    const units = template.split(/(\s+|[A-Za-z_]+|\{\{|\}\}|\{%|%\}|.)/s).filter((unit) => unit !== '')
    const at = random.below(units.length)
    const choice = random.below(3)
    if (choice === 0) units.splice(at, 1)
    else if (choice === 1) units.splice(at, 0, units[random.below(units.length)] ?? '')
    else
      units.splice(
        at,
        0,
        random.pick(['{{', '}}', '{%', '%}', '(', ')', '[', ']', ',', '|', '.', ' if ', ' is ', ' not ', '{#', "'"]),
      )
    return units.join('')
  }

  #body(depth: number): string {
    const random = this.#random
    const count = 1 + random.below(4)
    const variables = this.#variables.length
    const macros = this.#macros.length
    let text = ''
    for (let index = 0; index < count; index += 1) text += this.#statement(depth)
    this.#variables.length = Math.min(this.#variables.length, variables + random.below(2))
    this.#macros.length = macros
    return text
  }

  #text(): string {
    return this.#random.pick(['a', ' b ', '\n', '  \n  ', 'x y', '', '\t', ' - ', '<p>', '\n\n', 'é'])
  }

  #statement(depth: number): string {
    const random = this.#random
    if (depth <= 0 || random.chance(0.35)) {
      return random.chance(0.4)
        ? this.#text()
        : this.#output(random.pick(['any', 'any', 'string', 'list', 'int', 'bool']))
    }
    switch (random.below(17)) {
      case 0:
      case 1:
        return this.#if(depth)
      case 2:
      case 3:
      case 4:
        return this.#for(depth)
      case 5:
      case 6:
        return this.#set()
      case 7:
        return this.#setBlock(depth)
      case 8:
      case 9:
        return this.#macro(depth)
      case 10:
        return this.#call(depth)
      case 11:
        return (
          this.#tag(`filter ${random.pick(['upper', 'trim', 'replace("a", "Z")|lower', 'title', 'indent(2)'])}`) +
          this.#body(depth - 1) +
          this.#tag('endfilter')
        )
      case 12:
        return this.#with(depth)
      case 13:
        return this.#do()
      case 14:
        return this.#namespace(depth)
      case 15:
        return random.pick([
          `{% raw %}{{ x }}{% endraw %}`,
          `{%- raw -%} {% if %} {%- endraw -%}`,
          '{# note {{ 1 }} #}',
          ' {#- a -#} ',
        ])
      default:
        return this.#loopDepth > 0 && random.chance(0.4)
          ? this.#tag(`if ${this.#expression('bool', 1)}`) +
              this.#tag(random.pick(['break', 'continue'])) +
              this.#tag('endif')
          : this.#output('any')
    }
  }

  #sign(): string {
    return this.#random.pick(['', '', '', '', '-', '+'])
  }

  #tag(content: string): string {
    return `{%${this.#sign()} ${content} ${this.#sign()}%}`
  }

  #output(kind: Kind): string {
    const open = this.#random.pick(['{{', '{{', '{{', '{{-', '{{+'])
    const close = this.#random.pick(['}}', '}}', '}}', '-}}'])
    return `${open} ${this.#expression(kind, 3)} ${close}`
  }

  #newName(): string {
    this.#names += 1
    return `v${this.#names}`
  }

  #if(depth: number): string {
    let text = this.#tag(`if ${this.#expression('any', 2)}`) + this.#body(depth - 1)
    if (this.#random.chance(0.3)) text += this.#tag(`elif ${this.#expression('bool', 2)}`) + this.#body(depth - 1)
    if (this.#random.chance(0.4)) text += this.#tag('else') + this.#body(depth - 1)
    return text + this.#tag('endif')
  }

  #for(depth: number): string {
    const random = this.#random
    const [target, iterable] = this.#loopHead()
    const condition = random.chance(0.2)
      ? ` if ${random.chance(0.5) ? target.split(',')[0] : this.#expression('bool', 1)}`
      : ''
    const isRecursive = random.chance(0.1)
    this.#loopDepth += 1
    const names = target.split(',').map((name) => name.trim())
    this.#variables.push(...names)
    let body = this.#body(depth - 1)
    if (random.chance(0.5)) body += `{{ loop.${random.pick(loopParts)} }}`
    if (isRecursive && iterable === 'tree') body += `{{ loop(${names[0]}.c) }}`
    this.#variables.length -= Math.min(this.#variables.length, names.length)
    this.#loopDepth -= 1
    const otherwise = random.chance(0.2) ? this.#tag('else') + this.#body(depth - 1) : ''
    const recursive = isRecursive ? ' recursive' : ''
    return this.#tag(`for ${target} in ${iterable}${condition}${recursive}`) + body + otherwise + this.#tag('endfor')
  }

  #loopHead(): [string, string] {
    const one = this.#newName()
    const two = this.#newName()
    switch (this.#random.below(6)) {
      case 0:
        return [
          `${one}, ${two}`,
          this.#random.pick(['d.items()', 'nested', 'd|dictsort', "[(1, 'a'), (2, 'b')]", 'd|items']),
        ]
      case 1:
        return [one, 'tree']
      case 2:
        return [one, `range(${this.#expression('int', 0)})`]
      case 3:
        return [one, 'users']
      default:
        return [one, this.#expression('list', 2)]
    }
  }

  #set(): string {
    const name =
      this.#random.chance(0.3) && this.#variables.length > 0 ? this.#random.pick(this.#variables) : this.#newName()
    const text = this.#random.chance(0.15)
      ? this.#tag(`set ${name}, ${this.#newName()} = ${this.#expression('any', 1)}, ${this.#expression('any', 1)}`)
      : this.#tag(`set ${name} = ${this.#expression('any', 2)}`)
    this.#variables.push(name)
    return text
  }

  #setBlock(depth: number): string {
    const name = this.#newName()
    const filter = this.#random.chance(0.4)
      ? ` | ${this.#random.pick(['trim', 'upper', 'length', 'list|first', 'replace("a", "b")'])}`
      : ''
    const text = this.#tag(`set ${name}${filter}`) + this.#body(depth - 1) + this.#tag('endset')
    this.#variables.push(name)
    return text
  }

  #macro(depth: number): string {
    const random = this.#random
    const name = `m${this.#newName()}`
    const parameters = Array.from({ length: random.below(4) }, () => this.#newName())
    const firstDefault = random.below(parameters.length + 1)
    const head = parameters.map((parameter, index) =>
      index < firstDefault ? parameter : `${parameter}=${this.#expression('any', 1)}`,
    )
    const loopDepth = this.#loopDepth
    this.#loopDepth = 0
    const outer = this.#variables
    this.#variables = [...outer, ...parameters]
    const rest = random.pick([
      '',
      '',
      '{{ varargs }}',
      '{{ kwargs }}',
      '{{ varargs }}{{ kwargs }}',
      '{{ caller() }}',
      '{{ caller(1) }}',
    ])
    const body = this.#body(depth - 1) + rest
    this.#variables = outer
    this.#loopDepth = loopDepth
    this.#macros.push({ name, parameterCount: parameters.length, takesRest: rest.includes('args') })
    return this.#tag(`macro ${name}(${head.join(', ')})`) + body + this.#tag('endmacro')
  }

  #arguments(count: number): string {
    const random = this.#random
    const values = Array.from({ length: count }, () => this.#expression('any', 1))
    if (random.chance(0.15)) values.push(`*${this.#expression('list', 0)}`)
    if (random.chance(0.15)) values.push(`k=${this.#expression('any', 0)}`)
    if (random.chance(0.1)) values.push(`**${random.pick(['d', "{'q': 1}"])}`)
    return values.join(', ')
  }

  #macroCall(): string {
    const macro = this.#random.pick(this.#macros)
    return `${macro.name}(${this.#arguments(this.#random.below(macro.parameterCount + 2))})`
  }

  #call(depth: number): string {
    if (this.#macros.length === 0) return this.#output('any')
    const parameter = this.#newName()
    const head = this.#random.chance(0.3) ? `call(${parameter}) ` : 'call '
    return this.#tag(head + this.#macroCall()) + this.#body(depth - 1) + this.#tag('endcall')
  }

  #with(depth: number): string {
    const name = this.#newName()
    const value = this.#expression('any', 2)
    this.#variables.push(name)
    const text = this.#tag(`with ${name} = ${value}`) + this.#body(depth - 1) + this.#tag('endwith')
    this.#variables = this.#variables.filter((variable) => variable !== name)
    return text
  }

  #do(): string {
    const name = this.#newName()
    const change = this.#random.pick([
      `${name}.append(${this.#expression('any', 1)})`,
      `${name}.extend(${this.#expression('list', 1)})`,
      `${name}.insert(0, ${this.#expression('int', 1)})`,
      `${name}.pop()`,
      `${name}.reverse()`,
      `${name}.remove(1)`,
    ])
    return `${this.#tag(`set ${name} = [1, 2]`)}${this.#tag(`do ${change}`)}{{ ${name} }}`
  }

  #namespace(depth: number): string {
    const name = this.#newName()
    const value = this.#expression('any', 1)
    return (
      this.#tag(`set ${name} = namespace(a=1)`) +
      this.#tag(`for i in l`) +
      this.#tag(`set ${name}.a = ${value}`) +
      this.#body(Math.min(1, depth - 1)) +
      this.#tag('endfor') +
      `{{ ${name}.a }}{{ ${name}.missing }}`
    )
  }

  #expression(kind: Kind, depth: number): string {
    const random = this.#random
    const wanted = random.chance(0.07) ? 'any' : kind
    if (depth <= 0) return this.#atom(wanted)
    if (random.chance(0.06))
      return `(${this.#expression(wanted, depth - 1)} if ${this.#expression('bool', depth - 1)}${random.chance(0.8) ? ` else ${this.#expression(wanted, depth - 1)}` : ''})`
    if (random.chance(0.04))
      return `${this.#expression(wanted, depth - 1)} ${random.pick(['and', 'or'])} ${this.#expression(wanted, depth - 1)}`
    switch (wanted) {
      case 'int':
        return this.#intExpression(depth)
      case 'float':
        return this.#floatExpression(depth)
      case 'string':
        return this.#stringExpression(depth)
      case 'bool':
        return this.#boolExpression(depth)
      case 'list':
        return this.#listExpression(depth)
      case 'dict':
        return this.#dictExpression(depth)
      case 'any':
        return this.#anyExpression(depth)
    }
  }

  #atom(kind: Kind): string {
    const random = this.#random
    switch (kind) {
      case 'int':
        return random.pick(['0', '1', '2', '3', '-1', '10', '1_000', '0x1F', 'n', 'z', 'neg', '255'])
      case 'float':
        return random.pick(['1.0', '2.5', '0.1', '1e3', '1e-7', '1.5e20', '-0.5', 'f', '3.14159', '100.0', '2.675'])
      case 'string':
        return random.pick([
          's',
          'e',
          'uni',
          'num',
          'multi',
          "'a'",
          '"b c"',
          "'it''s'",
          "'x\\ny'",
          '"tab\\t"',
          "'%s-%s'",
          "'{}'",
          "'a,b,,c'",
          "' pad '",
          "'ABC'",
          '"\\u00e9"',
          "'3.7'",
          "'0b11'",
        ])
      case 'bool':
        return random.pick(['true', 'false', 'yes', 'no', 'True', 'False'])
      case 'list':
        return random.pick([
          'l',
          'words',
          'empty',
          'nested',
          '[]',
          '[1, 2, 3]',
          "['a', 'b']",
          '(1, 2)',
          '(1,)',
          '()',
          "[1.0, true, none, 'x']",
          'users',
          'range(3)',
        ])
      case 'dict':
        return random.pick(['d', '{}', "{'a': 1}", "{1: 'x', 2: 'y'}", "{'k': [1, {'z': none}]}", 'users[0]'])
      case 'any':
        if (this.#variables.length > 0 && random.chance(0.35)) return random.pick(this.#variables)
        if (random.chance(0.1)) return random.pick(['nothing', 'missing', 'none', 'loop.index', 'missing.x'])
        return this.#atom(random.pick(['int', 'float', 'string', 'bool', 'list', 'dict']))
    }
  }

  #intExpression(depth: number): string {
    const random = this.#random
    const int = () => this.#expression('int', depth - 1)
    switch (random.below(9)) {
      case 0:
      case 1:
        return `${int()} ${random.pick(['+', '-', '*', '//', '%'])} ${int()}`
      case 2:
        return `(${int()}) ${random.pick(['+', '-', '*', '//', '%'])} (${int()})`
      case 3:
        return `${this.#expression(random.pick(['list', 'string', 'dict']), depth - 1)}|${random.pick(['length', 'count'])}`
      case 4:
        return `${this.#expression('any', depth - 1)}|int${random.pick(['', '(5)', '(default=-1)', '(0, 16)'])}`
      case 5:
        return `-${int()}`
      case 6:
        return `${random.pick(['2', '3', '10', '-2'])} ** ${random.pick(['0', '1', '2', '3', '5'])}`
      case 7:
        return `${this.#expression('list', depth - 1)}|${random.pick(['sum', 'min', 'max', 'first', 'last'])}`
      default:
        return `${this.#expression('string', depth - 1)}.${random.pick(["find('o')", "count('a')", "rfind('l')", "index('l')"])}`
    }
  }

  #floatExpression(depth: number): string {
    const random = this.#random
    const number = () => this.#expression(random.pick(['int', 'float']), depth - 1)
    switch (random.below(5)) {
      case 0:
        return `${number()} / ${number()}`
      case 1:
        return `${number()} ${random.pick(['+', '-', '*', '//', '%'])} ${this.#expression('float', depth - 1)}`
      case 2:
        return `${this.#expression('any', depth - 1)}|float`
      case 3:
        return `(${number()})|round${random.pick(['', '(1)', '(2)', "(1, 'ceil')", "(0, 'floor')", "(method='ceil')", '(-1)'])}`
      default:
        return `(${number()})|abs`
    }
  }

  #stringExpression(depth: number): string {
    const random = this.#random
    const string = () => this.#expression('string', depth - 1)
    const any = () => this.#expression('any', depth - 1)
    switch (random.below(10)) {
      case 0:
        return `${any()} ~ ${any()}`
      case 1:
        return `${string()} + ${string()}`
      case 2:
        return `${string()}|${random.pick(textFilters)}`
      case 3:
        return `${any()}|${random.pick(['string', 'upper', 'title', 'trim', 'tojson', 'capitalize', "default('d')", "default('d', true)", 'pprint'])}`
      case 4:
        return `(${string()}).${random.pick(stringMethods)}`
      case 5:
        return `${this.#expression('list', depth - 1)}|join${random.pick(['', "(',')", "('-')", "(', ', attribute='name')"])}`
      case 6:
        return `(${string()})[${this.#slice()}]`
      case 7:
        return `'${random.pick(percentFormats)}' ${random.pick(['%', '%'])} ${random.chance(0.5) ? any() : `(${any()}, ${any()})`}`
      case 8:
        return `'${random.pick(braceFormats)}'.format(${any()}, ${any()}, x=${any()})`
      default:
        return `${string()} * ${this.#atom('int').replace('1_000', '4').replace('255', '2').replace('0x1F', '3')}`
    }
  }

  #slice(): string {
    const part = () => this.#random.pick(['', '', '0', '1', '2', '-1', '-2', '10'])
    return this.#random.chance(0.6)
      ? `${part()}:${part()}`
      : `${part()}:${part()}:${this.#random.pick(['', '1', '2', '-1', '-2'])}`
  }

  #boolExpression(depth: number): string {
    const random = this.#random
    const any = () => this.#expression('any', depth - 1)
    switch (random.below(8)) {
      case 0:
        return `not ${any()}`
      case 1: {
        const kind = random.pick<Kind>(['int', 'float', 'string', 'list'])
        return `${this.#expression(kind, depth - 1)} ${random.pick(['<', '<=', '>', '>=', '==', '!='])} ${this.#expression(kind, depth - 1)}`
      }
      case 2:
        return `${any()} ${random.pick(['==', '!='])} ${any()}`
      case 3:
        return `${any()} ${random.pick(['in', 'not in'])} ${this.#expression(random.pick(['list', 'dict', 'string']), depth - 1)}`
      case 4:
      case 5:
        return `${any()} is ${random.chance(0.2) ? 'not ' : ''}${random.pick(tests)}`
      case 6:
        return `${this.#expression('int', depth - 1)} < ${this.#expression('int', depth - 1)} <= ${this.#expression('int', depth - 1)}`
      default:
        return `${any()} is ${random.pick(['divisibleby', 'in', 'sameas', 'eq', 'ne', 'gt', 'lt'])} ${this.#atom(random.pick(['int', 'bool', 'list']))}`
    }
  }

  #listExpression(depth: number): string {
    const random = this.#random
    const list = () => this.#expression('list', depth - 1)
    switch (random.below(11)) {
      case 0:
        return `[${Array.from({ length: random.below(4) }, () => this.#expression('any', depth - 1)).join(', ')}]`
      case 1:
        return `${list()} + ${list()}`
      case 2:
        return `(${list()})[${this.#slice()}]`
      case 3:
        return `${list()}|${random.pick(listFilters)}`
      case 4:
        return `${list()}|${random.pick(listFilters)}|list`
      case 5:
        return `${list()}|map(${random.pick(["'string'", "'upper'", "attribute='name'", "attribute='age'", "'int'", "attribute='tags'", "'default', 'x'", "attribute='address.city'", "attribute='nope', default='-'"])})|list`
      case 6:
        return `${list()}|${random.pick(['select', 'reject'])}${random.pick(['', "('string')", "('odd')", "('in', [1, 2])", "('defined')", "('gt', 1)", "('number')"])}|list`
      case 7:
        return `users|${random.pick(['selectattr', 'rejectattr'])}(${random.pick(["'tags'", "'age', 'gt', 30", "'name', 'eq', 'bob'", "'address.city', 'lower'", "'nope'", "'nope', 'defined'"])})|map(attribute='name')|list`
      case 8:
        return `users|groupby(${random.pick(["'age'", "'address.city'", "attribute='name', case_sensitive=true", "'nope', default='none'"])})`
      case 9:
        return `(${this.#expression('string', depth - 1)}).${random.pick(['split()', "split(',')", "split('o', 1)", 'splitlines()', "rsplit(' ', 1)", "partition(' ')"])}`
      default:
        return `${this.#expression('dict', depth - 1)}.${random.pick(['keys()', 'values()', 'items()'])}|list`
    }
  }

  #dictExpression(depth: number): string {
    const random = this.#random
    switch (random.below(4)) {
      case 0:
        return `{${Array.from({ length: random.below(3) }, () => `${this.#atom(random.pick(['string', 'int', 'bool']))}: ${this.#expression('any', depth - 1)}`).join(', ')}}`
      case 1:
        return `dict(${random.pick(['d', "[('p', 1)]", ''])}${random.pick(['', ', r=1'])})`.replace('(, ', '(')
      case 2:
        return `${this.#expression('dict', depth - 1)}.copy()`
      default:
        return this.#atom('dict')
    }
  }

  #anyExpression(depth: number): string {
    const random = this.#random
    const any = () => this.#expression('any', depth - 1)
    switch (random.below(12)) {
      case 0:
        return `${any()} ${random.pick(['+', '-', '*', '/', '//', '%'])} ${any()}`
      case 1:
        return `(${any()})[${random.pick(['0', '-1', "'a'", "'name'", '5', 'n', 'true', 'f', 'none'])}]`
      case 2:
        return `(${any()}).${random.pick(['a', 'name', '0', 'items', 'x', 'upper', 'append'])}`
      case 3:
        return `${this.#expression('dict', depth - 1)}.get(${random.pick(["'a'", "'zz'", "'zz', 5", '1'])})`
      case 4:
        return `(${Array.from({ length: 1 + random.below(3) }, any).join(', ')}${random.pick(['', ','])})`
      case 5:
        return `${any()}|${random.pick([...listFilters, ...textFilters, 'default(1)', 'list', 'string'])}`
      case 6:
        return this.#macros.length > 0 ? this.#macroCall() : this.#atom('any')
      case 7:
        return `${random.pick(['-', '+', 'not '])}${any()}`
      default:
        return this.#expression(random.pick(['int', 'float', 'string', 'bool', 'list', 'dict']), depth)
    }
  }
}

const loopParts = [
  'index',
  'index0',
  'revindex',
  'revindex0',
  'first',
  'last',
  'length',
  'depth',
  'depth0',
  'previtem',
  'nextitem',
  "cycle('a', 'b')",
  'changed(1)',
  'changed(loop.index // 2)',
  'nope',
]
const textFilters = [
  'upper',
  'lower',
  'capitalize',
  'title',
  'trim',
  "trim('ad')",
  "replace('l', 'L')",
  "replace('o', '0', 1)",
  'center(15)',
  'indent',
  'indent(2, true)',
  "indent('> ', blank=true)",
  'truncate(5)',
  'truncate(8, true)',
  "truncate(9, end='..', leeway=0)",
  'wordwrap(5)',
  'wordwrap(4, false)',
  'wordcount',
  'reverse',
  'length',
  'list',
  'first',
  'last',
  'string',
  'urlencode',
  'int',
  'float',
  'format(1)',
  'escape',
]
const stringMethods = [
  'upper()',
  'lower()',
  'strip()',
  "strip('ad')",
  'lstrip()',
  'rstrip()',
  'title()',
  'capitalize()',
  'swapcase()',
  "replace('l', 'x')",
  "replace('', '.')",
  "startswith('H')",
  "endswith(('d', 'x'))",
  'isdigit()',
  'isalpha()',
  'isupper()',
  'islower()',
  'isspace()',
  'isalnum()',
  'istitle()',
  'zfill(8)',
  'center(12, "*")',
  'ljust(8)',
  'rjust(8, "0")',
  "join(['x', 'y'])",
  "join('ab')",
  "partition('l')",
  "rpartition('l')",
  "removeprefix('He')",
  "removesuffix('ld')",
  'expandtabs(4)',
  'casefold()',
  "count('l', 2)",
  "find('z')",
  'splitlines(true)',
]
const percentFormats = [
  '%s',
  '%d',
  '%r',
  '%5s|',
  '%-6s|',
  '%05d',
  '%.2f',
  '%x',
  '%e',
  '%g',
  '%s %s',
  '%%',
  '%+d',
  '%(a)s',
  '%c',
  '%5.1f',
  '%i%s',
  '%#x',
  '%o',
]
const braceFormats = [
  '{}',
  '{} {}',
  '{0} {1} {0}',
  '{x}',
  '{:>8}',
  '{:<8}|',
  '{:^9}|',
  '{:05}',
  '{:.2f}',
  '{:,}',
  '{:x}',
  '{!r}',
  '{0!s:>10}',
  '{:d}',
  '{:e}',
  '{:g}',
  '{:+}',
  '{{}}',
  '{:*^10}',
  '{0:{1}}',
  '{:%}',
  '{:_}',
  '{:#x}',
]
const tests = [
  'defined',
  'undefined',
  'none',
  'number',
  'string',
  'mapping',
  'sequence',
  'iterable',
  'boolean',
  'integer',
  'float',
  'odd',
  'even',
  'upper',
  'lower',
  'true',
  'false',
  'callable',
  'divisibleby(3)',
  'filter',
  'escaped',
]
const listFilters = [
  'sort',
  'sort(reverse=true)',
  "sort(attribute='age')",
  "sort(attribute='age,name')",
  'sort(case_sensitive=true)',
  'unique',
  'unique|list',
  'reverse|list',
  'list',
  'first',
  'last',
  'length',
  'sum',
  'min',
  'max',
  "sum(attribute='age')",
  "max(attribute='age')",
  'batch(2)|list',
  "batch(2, 'x')|list",
  'slice(2)|list',
  "slice(3, 'x')|list",
  'join',
  'tojson',
  "map('string')|join('+')",
  'dictsort',
  'items|list',
  'sum(start=10)',
  'pprint',
  'tojson(2)',
]
