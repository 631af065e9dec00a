import type { LoadedProject } from '../load-project.ts'
import type { Constraint } from '../manifest/node.ts'
import { readRelationText } from '../parse/literal-value.ts'
import type { NamedRelation } from '../parse/literal-value.ts'

type Environment = LoadedProject['environment']

interface Constrained {
  readonly columns?: Readonly<Record<string, { readonly constraints?: readonly Constraint[] }>>
  readonly constraints?: readonly Constraint[]
}

/** The model with the relations that its foreign keys refer to, in the place of `ref(…)` and `source(…)`. */
export function withForeignKeys<Model extends Constrained>(
  model: Model,
  environment: Environment,
  relationOf: (named: NamedRelation) => string | undefined,
): Model {
  const isForeign = ({ type, to }: Constraint) => type === 'foreign_key' && to != null && to !== ''
  const columns = Object.entries(model.columns ?? {})
  const lists = [...columns.map(([, column]) => column.constraints), model.constraints]
  if (!lists.some((list) => list?.some(isForeign))) return model
  const compiled = (list: readonly Constraint[] | undefined) =>
    list?.map((constraint) => {
      const named = isForeign(constraint) ? readRelationText(environment, constraint.to!) : undefined
      const to = named === undefined ? undefined : relationOf(named)
      return to === undefined ? constraint : { ...constraint, to }
    })
  return {
    ...model,
    columns: Object.fromEntries(
      columns.map(([name, column]) => [name, { ...column, constraints: compiled(column.constraints) ?? [] }]),
    ),
    constraints: compiled(model.constraints) ?? [],
  }
}
