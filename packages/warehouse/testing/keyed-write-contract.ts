import { describe, expect, it } from 'vitest'
import type { DialectContract } from './contract.ts'

export function describeKeyedWrites(contract: DialectContract): void {
  const { dialect, run, rowsOf, inMain, folded } = contract
  describe('keyed writes', () => {
    const write = {
      target: inMain('keyed'),
      source: inMain('keyed_next'),
      key: ['a', 'b'].map(folded),
      columns: ['a', 'b', 'c'].map(folded),
    }
    const prepare = async () => {
      await run(
        dialect.dropRelation(write.target, 'table'),
        dialect.dropRelation(write.source, 'table'),
        'CREATE TABLE contract.keyed (a integer, b text, c text)',
        'CREATE TABLE contract.keyed_next (a integer, b text, c text)',
        `INSERT INTO contract.keyed VALUES (1, 'x', 'old'), (1, 'y', 'kept'), (NULL, 'x', 'old null')`,
        `INSERT INTO contract.keyed_next VALUES (1, 'x', 'new'), (2, 'x', 'added'), (NULL, 'x', 'new null')`,
      )
    }
    const sortedRows = async () =>
      (await rowsOf('SELECT a, b, c FROM contract.keyed')).map((row) => row.join('|')).toSorted()

    it.each(['merge', 'deleteInsert'] as const)('%s overwrites rows of equal key and adds the others', async (how) => {
      await prepare()
      await run(...dialect[how](write))
      expect(await sortedRows()).toEqual(['1|x|new', '1|y|kept', '2|x|added', '|x|new null', '|x|old null'])
    })

    it.each(['merge', 'deleteInsert'] as const)('%s matches NULL keys where asked to', async (how) => {
      await prepare()
      await run(...dialect[how]({ ...write, nullsMatch: true }))
      expect(await sortedRows()).toEqual(['1|x|new', '1|y|kept', '2|x|added', '|x|new null'])
    })

    it('merge leaves columns alone that it was not told to update', async () => {
      await prepare()
      await run(...dialect.merge({ ...write, updateColumns: [] }))
      expect(await sortedRows()).toEqual(['1|x|old', '1|y|kept', '2|x|added', '|x|new null', '|x|old null'])
    })
  })
}
