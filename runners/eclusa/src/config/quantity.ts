import { z } from 'zod'

const bytesPerUnit = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const
const msPerUnit = { ms: 1, s: 1e3, min: 6e4, h: 36e5 } as const

const quantityPattern = (units: object) => new RegExp(`^(\\d+(?:\\.\\d+)?) ?(${Object.keys(units).join('|')})$`, 'u')
const byteSizePattern = quantityPattern(bytesPerUnit)
const durationPattern = quantityPattern(msPerUnit)

/** A number of bytes with its unit, `256MiB`; gives bytes. */
export const byteSizeSchema = z
  .string()
  .regex(byteSizePattern, 'expected a size such as 256MiB or 1GB')
  .transform((text) => parseQuantity(text, byteSizePattern, bytesPerUnit))

/** A length of time with its unit, `10s`; gives milliseconds. */
export const durationSchema = z
  .string()
  .regex(durationPattern, 'expected a duration such as 500ms, 10s or 5min')
  .transform((text) => parseQuantity(text, durationPattern, msPerUnit))

function parseQuantity(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number {
  const [, amount, unit] = pattern.exec(text)!
  return Math.round(Number(amount) * units[unit!]!)
}
