import { hashOfText } from './fingerprint.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Notes which variables of an environment were asked for. */
export class EnvironmentWatch {
  /** The environment to hand on. */
  readonly variables: Variables
  readonly #watched: Variables
  readonly #names = new Set<string>()

  constructor(watched: Variables) {
    this.#watched = watched
    let listed: PropertyKey | undefined
    this.variables = new Proxy(watched, {
      // Listing all variables, as `dbt_metadata_envs` does, is not asking for each: it asks for the property first.
      getOwnPropertyDescriptor: (target, name) => {
        listed = name
        return Reflect.getOwnPropertyDescriptor(target, name)
      },
      get: (target, name) => {
        if (typeof name === 'string' && name !== listed) this.#names.add(name)
        listed = undefined
        return Reflect.get(target, name)
      },
    })
  }

  /** Hashes by name, of those that were asked for and of those that `names` adds. A variable that is not set has ''. */
  values(names: Iterable<string> = []): Record<string, string> {
    const all = [...new Set([...this.#names, ...names])].toSorted()
    return Object.fromEntries(all.map((name) => [name, this.#hash(name)]))
  }

  #hash(name: string): string {
    const value = this.#watched[name]
    return value === undefined ? '' : hashOfText(value)
  }
}
