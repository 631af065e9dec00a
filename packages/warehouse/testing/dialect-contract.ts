import type { WarehouseConnection } from '@eclusa/sdk'
import { afterAll, beforeAll, describe } from 'vitest'
import type { ContractFixture, ContractOptions, DialectContract } from './contract.ts'
import { describeKeyedWrites } from './keyed-write-contract.ts'
import { describeNames } from './name-contract.ts'
import { describeQueries } from './query-contract.ts'
import { describeRelations } from './relation-contract.ts'
import { describeTypes } from './type-contract.ts'

/** What every dialect and its connection promise, run by each on its own warehouse. */
export function describeDialect(options: ContractOptions): void {
  // eslint-disable-next-line vitest/valid-title
  describe(options.name, () => {
    let fixture: ContractFixture
    let connection: WarehouseConnection
    const { dialect } = options
    const { folded } = options.spelling
    const contract: DialectContract = {
      options,
      dialect,
      folded,
      get warehouse() {
        return fixture.warehouse
      },
      get connection() {
        return connection
      },
      run: async (...statements) => {
        for (const statement of statements) await connection.query(statement)
      },
      rowsOf: async (sql) => (await connection.query(sql)).rows,
      inMain: (identifier) => ({ schema: folded('contract'), identifier: folded(identifier) }),
    }

    beforeAll(async () => {
      fixture = await options.open()
      connection = await fixture.warehouse.connect()
      await contract.run(dialect.createSchema(folded('contract')))
    })
    afterAll(async () => {
      await fixture?.[Symbol.asyncDispose]()
    })

    describeQueries(contract)
    describeNames(contract)
    describeTypes(contract)
    describeRelations(contract)
    describeKeyedWrites(contract)
  })
}
