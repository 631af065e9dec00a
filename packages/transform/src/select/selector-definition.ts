import type { IndirectSelection } from '../command/command-options.ts'
import { createCriteria, parseTerm, selectionInvalid } from './selection-spec.ts'
import type { SelectionGroup, SelectionSpec } from './selection-spec.ts'

/** A selector of selectors.yml, its templates rendered: `definition`, and whether it is the `default`. */
export type RawSelector = Readonly<Record<string, unknown>>

/**
 * The selections that selectors.yml describes, by name. A selector may use those that stand before it.
 *
 * @throws SELECTION_INVALID naming the selector.
 */
export function parseSelectors(
  selectors: ReadonlyMap<string, RawSelector>,
  indirectSelection: IndirectSelection,
): ReadonlyMap<string, SelectionSpec> {
  const parsed = new Map<string, SelectionSpec>()
  for (const [name, { definition }] of selectors) {
    parsed.set(name, new DefinitionParser(name, parsed, indirectSelection).parseRoot(definition))
  }
  return parsed
}

type Fields = Readonly<Record<string, unknown>>

class DefinitionParser {
  readonly #name: string
  readonly #earlier: ReadonlyMap<string, SelectionSpec>
  readonly #indirectSelection: IndirectSelection

  constructor(name: string, earlier: ReadonlyMap<string, SelectionSpec>, indirectSelection: IndirectSelection) {
    this.#name = name
    this.#earlier = earlier
    this.#indirectSelection = indirectSelection
  }

  parseRoot(definition: unknown): SelectionSpec {
    if (isFields(definition) && Object.keys(definition).length > 1) {
      if ('union' in definition || 'intersection' in definition) {
        throw this.#invalid(
          `only a single 'union' or 'intersection' key is allowed at its root; found ${Object.keys(definition).join(', ')}`,
        )
      }
    }
    return this.#parse(definition)
  }

  #parse(definition: unknown): SelectionSpec {
    if (typeof definition === 'string') return parseTerm(definition, this.#indirectSelection)
    if (!isFields(definition)) throw this.#invalid('a definition is a text, a mapping, a union or an intersection')
    if ('union' in definition) return this.#parseGroup('union', definition['union'])
    if ('intersection' in definition) return this.#parseGroup('intersection', definition['intersection'])
    return this.#parseFields(definition)
  }

  /** The members; one of them may be a mapping with `exclude`, which is taken away from the others. */
  #parseGroup(kind: 'union' | 'intersection', members: unknown): SelectionSpec {
    const list = this.#listOf(kind, members)
    const exclusions = list.filter((member) => isFields(member) && 'exclude' in member && !('method' in member))
    if (exclusions.length > 1) {
      throw this.#invalid(`a ${kind} can have one 'exclude' only; put all that is excluded into one list`)
    }
    const included = list.filter((member) => !exclusions.includes(member))
    const group = groupOf(
      kind,
      included.map((member) => this.#parse(member)),
    )
    const [exclusion] = exclusions
    return exclusion === undefined ? group : this.#without(group, (exclusion as Fields)['exclude'])
  }

  /** `{tag: nightly}`, or the long form with `method` and `value`. */
  #parseFields(definition: Fields): SelectionSpec {
    const keys = Object.keys(definition)
    if (keys.length === 1) return this.#criteria({ method: keys[0], value: definition[keys[0]!] })
    if (definition['method'] === 'selector') return this.#earlierSelector(String(definition['value']))
    if (!('method' in definition && 'value' in definition)) {
      throw this.#invalid(`expected either one key, or 'method' and 'value'; found ${keys.join(', ')}`)
    }
    const criteria = this.#criteria(definition)
    return 'exclude' in definition ? this.#without(criteria, definition['exclude']) : criteria
  }

  #criteria(fields: Fields): SelectionSpec {
    return createCriteria(`${String(fields['method'])}:${String(fields['value'])}`, {
      method: String(fields['method']),
      value: fields['value'],
      childrensParents: Boolean(fields['childrens_parents']),
      parentsDepth: relativesDepth(fields['parents'], fields['parents_depth']),
      childrenDepth: relativesDepth(fields['children'], fields['children_depth']),
      indirectSelection: this.#indirect(fields['indirect_selection']),
    })
  }

  #indirect(value: unknown): IndirectSelection {
    if (value === undefined) return this.#indirectSelection
    if (value === 'eager' || value === 'cautious' || value === 'buildable' || value === 'empty') return value
    throw this.#invalid(`${JSON.stringify(value)} is no indirect selection; known: eager, cautious, buildable, empty`)
  }

  #earlierSelector(name: string): SelectionSpec {
    const spec = this.#earlier.get(name)
    if (spec === undefined) throw this.#invalid(`existing selector definition for ${name} not found`)
    return spec
  }

  #without(base: SelectionSpec, exclusion: unknown): SelectionSpec {
    const excluded = this.#listOf('exclude', exclusion).map((member) => this.#parse(member))
    return excluded.length === 0 ? base : groupOf('difference', [base, groupOf('union', excluded)])
  }

  #listOf(key: string, value: unknown): readonly unknown[] {
    if (!Array.isArray(value)) throw this.#invalid(`invalid value for key "${key}": expected a list`)
    return value
  }

  #invalid(reason: string) {
    return selectionInvalid(`selector ${this.#name}`, reason)
  }
}

function groupOf(kind: SelectionGroup['kind'], components: readonly SelectionSpec[]): SelectionGroup {
  return { kind, raw: '', components, expectsMatch: false, indirectSelection: 'eager' }
}

/** In YAML no depth and a depth of 0 both mean all the way. */
function relativesDepth(wanted: unknown, depth: unknown): number {
  return wanted === true ? Number(depth ?? 0) || Infinity : 0
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
