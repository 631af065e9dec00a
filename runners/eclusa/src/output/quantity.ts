const countFormat = new Intl.NumberFormat('en-US')

/** `1,234,567` */
export function formatCount(count: number): string {
  return countFormat.format(count)
}

/** `1 row`, `2 rows` */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Decimal units, three significant digits: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  let amount = bytes
  let unit = 0
  while (amount >= 999.5 && unit < byteUnits.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(amount) : threeDigits(amount)} ${byteUnits[unit]!}`
}

function threeDigits(amount: number): string {
  return amount.toFixed(amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2)
}

/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min` */
export function formatDuration(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`
  const seconds = Math.round(durationMs / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} min`
}

function pad(amount: number): string {
  return String(amount).padStart(2, '0')
}

/** Rows and bytes per second: `210,000 rows/s, 35.1 MB/s`. Undefined where there is too little to tell. */
export function formatRate(
  counts: { readonly rows: number; readonly bytes: number },
  durationMs: number,
): string | undefined {
  if (durationMs < 50 || counts.rows === 0) return undefined
  const perSecond = (amount: number) => (amount / durationMs) * 1000
  return `${formatCount(roundTwo(perSecond(counts.rows)))} rows/s, ${formatBytes(perSecond(counts.bytes))}/s`
}

/** Two digits are what a rate is good for: 213,417 is noise, 210,000 can be compared. */
function roundTwo(amount: number): number {
  return amount < 100 ? Math.round(amount) : Number(amount.toPrecision(2))
}
