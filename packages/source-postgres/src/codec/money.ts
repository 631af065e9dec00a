import type { FixedColumn } from './arrow-column.ts'
import { clearScaled, multiplyAddScaled, storeScaled } from './scaled-integer.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/** 64 bits of the smallest currency unit have up to 19 digits. */
const moneyPrecision = 19

/**
 * money counts the smallest unit of the currency; how many digits of it stand after the point (`scale`) depends on
 * lc_monetary alone, not on the value. Its text has the currency sign and separators of that locale, but always all
 * digits, so they alone tell the amount.
 */
export function moneyCodec(scale: number): ValueCodec {
  return {
    columnType: { type: 'decimal', precision: moneyPrecision, scale },
    hasBinaryForm: true,
    decodeBinary(target: FixedColumn, row, { view }, start, length) {
      expectLength(length, 8)
      const high = view.getInt32(start)
      target.words[4 * row] = view.getInt32(start + 4)
      target.words[4 * row + 1] = high
      target.words[4 * row + 2] = target.words[4 * row + 3] = high < 0 ? -1 : 0
    },
    decodeText(target: FixedColumn, row, text) {
      clearScaled()
      for (const digit of moneyDigits(text)) multiplyAddScaled(10, Number(digit))
      storeScaled(target, row, isNegativeMoney(text))
    },
    formatBinary: ({ view }, start) => formatMoney(view.getBigInt64(start), scale),
    inline: {
      kind: 'fixed',
      length: 8,
      source: ({ words }) => `
        const high = view.getInt32(p);
        ${words}[4 * i] = view.getInt32(p + 4); ${words}[4 * i + 1] = high;
        ${words}[4 * i + 2] = ${words}[4 * i + 3] = high < 0 ? -1 : 0;`,
    },
  }
}

/** The amount in a money text of any locale as a plain number: `-1234.56` for `-$1,234.56`. */
export function plainMoney(text: string, scale: number): string {
  const digits = moneyDigits(text).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale).replace(/^0+(?=\d)/, '')
  const sign = isNegativeMoney(text) ? '-' : ''
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`
}

function moneyDigits(text: string): string {
  const digits = text.replace(/\D/g, '')
  if (digits === '' || digits.length > moneyPrecision) throw malformed('the text is no money')
  return digits
}

/** A minus sign (ASCII or U+2212) or parentheses, as locales have it. */
function isNegativeMoney(text: string): boolean {
  return /[-\u2212(]/.test(text)
}

/** As cash_out prints it where lc_monetary is C: `-$1,234.56`. */
function formatMoney(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${units < 0n ? '-' : ''}$${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`
}
