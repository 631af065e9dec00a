import { fileURLToPath } from 'node:url'

/** Where the files of the example lie, as absolute paths. */
export interface SalesExample {
  /** The whole project: `eclusa.yaml`, `dbt/` and `sql/`. */
  readonly projectDir: string
  /** `schema.sql`, `functions.sql`, `generate.sql`, `constraints.sql`, `changes.sql`, `checksum.sql`. */
  readonly sqlDir: string
  /** The dbt project. */
  readonly dbtDir: string
  /** The pipeline. */
  readonly configFile: string
}

/** The same from src and from dist: both lie one level below the project. */
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export const salesExample: SalesExample = {
  projectDir: pathOf('..'),
  sqlDir: pathOf('../sql'),
  dbtDir: pathOf('../dbt'),
  configFile: pathOf('../eclusa.yaml'),
}
