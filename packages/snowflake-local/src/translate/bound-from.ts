import type { BoundColumn, BoundRelation } from './scope.ts'

/** What stands in FROM, with the columns that can be named from it. */
export interface BoundFrom {
  readonly sql: string
  readonly relations: readonly BoundRelation[]
  readonly merged: readonly BoundColumn[]
}
