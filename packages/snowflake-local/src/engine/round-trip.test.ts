import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEngine } from './engine.ts'
import type { Engine, SqlSession } from './engine.ts'

let engine: Engine
let session: SqlSession

beforeAll(async () => {
  engine = await openEngine()
  session = await engine.openSession({ user: 'ADA', parameters: new Map([['TIMEZONE', 'UTC']]) })
})

afterAll(async () => {
  await session.close()
  await engine.close()
})

async function ask(
  sqlText: string,
): Promise<{ names: readonly string[]; rows: readonly (readonly (string | null)[])[] }> {
  const result = await session.execute({ queryId: 'q', sqlText, signal: new AbortController().signal })
  const rows: (readonly (string | null)[])[] = []
  for await (const block of result.rows) rows.push(...block)
  return { names: result.columns.map(({ name }) => name), rows }
}

const runs = { numRuns: 60 }

test('every text comes back from a literal, escaped or between dollars, and under every quoted name', async () => {
  const texts = fc.string({ unit: 'binary' })
  await fc.assert(
    fc.asyncProperty(texts, texts, async (value, name) => {
      const escaped = value.replaceAll('\\', '\\\\').replaceAll("'", "''")
      const quoted = `x${name}`.replaceAll('"', '""')
      const { names, rows } = await ask(`SELECT '${escaped}' AS "${quoted}", $$${value.replaceAll('$', '')}$$`)
      expect(names[0]).toBe(`x${name}`)
      expect(rows).toEqual([[value, value.replaceAll('$', '')]])
    }),
    runs,
  )
})

/** A decimal of `scale` digits behind the point. */
function decimalText(digits: bigint, scale: number): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  const whole = text.slice(0, text.length - scale)
  return `${digits < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${text.slice(-scale)}`}`
}

test('sums, products and quotients are exact, rounded half away from zero', async () => {
  const operand = fc.record({
    digits: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    scale: fc.integer({ min: 0, max: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(operand, operand, async (a, b) => {
      fc.pre(b.digits !== 0n)
      const left = `'${decimalText(a.digits, a.scale)}'::NUMBER(20,${a.scale})`
      const right = `'${decimalText(b.digits, b.scale)}'::NUMBER(20,${b.scale})`
      const scale = Math.max(a.scale, b.scale)
      const sum = a.digits * 10n ** BigInt(scale - a.scale) + b.digits * 10n ** BigInt(scale - b.scale)
      const quotientScale = Math.min(a.scale + 6, 12)
      const numerator = a.digits * 10n ** BigInt(quotientScale + b.scale - a.scale)
      const [size, by] = [numerator < 0n ? -numerator : numerator, b.digits < 0n ? -b.digits : b.digits]
      const rounded = (2n * size + by) / (2n * by)
      const quotient = numerator < 0n === b.digits < 0n ? rounded : -rounded
      const { rows } = await ask(`SELECT ${left} + ${right}, ${left} * ${right}, ${left} / ${right}`)
      expect(rows).toEqual([
        [
          decimalText(sum, scale),
          decimalText(a.digits * b.digits, a.scale + b.scale),
          decimalText(quotient, quotientScale),
        ],
      ])
    }),
    runs,
  )
})

test('a time with an offset keeps instant and offset, and a time without one its clock', async () => {
  const instants = fc.integer({ min: -5_000_000_000, max: 9_000_000_000 })
  await fc.assert(
    fc.asyncProperty(instants, fc.integer({ min: -14 * 4, max: 14 * 4 }), async (seconds, quarters) => {
      const offset = quarters * 15
      const clock = new Date((seconds + offset * 60) * 1000).toISOString().slice(0, 19)
      const size = Math.abs(offset)
      const zone = `${offset < 0 ? '-' : '+'}${String(Math.trunc(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`
      const { rows } = await ask(`SELECT '${clock}${zone}'::TIMESTAMP_TZ(0), '${clock}${zone}'::TIMESTAMP_NTZ(0)`)
      expect(rows).toEqual([[`${seconds} ${offset + 1440}`, String(seconds + offset * 60)]])
    }),
    runs,
  )
})
