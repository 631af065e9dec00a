import { EclusaError } from '@eclusa/sdk'
import { isRecord } from '../manifest/node-config.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { UnitTest } from '../manifest/manifest.ts'

const periodsMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * How long a build is taken for fresh although it depends on what nobody watches, in milliseconds: infinite for `never`;
 * undefined where the setting `stale_after` is not made. `{count: 12, period: hour}`, `12 hours` or `never`.
 *
 * @throws MODEL_FAILED for anything else.
 */
export function staleAfterMs({ config, name, original_file_path: file }: ManifestNode | UnitTest): number | undefined {
  const value = config['stale_after']
  if (value === undefined || value === null) return undefined
  if (value === 'never') return Infinity
  const [count, period] = isRecord(value) ? [value['count'], value['period']] : textOf(value).split(/\s+/u)
  const periodMs = periodsMs[String(period).replace(/s$/u, '')]
  const durationMs = Number(count) * (periodMs ?? NaN)
  if (durationMs > 0) return durationMs
  throw new EclusaError('MODEL_FAILED', {
    message: `${name} (${file}): stale_after is ${JSON.stringify(value)}, which is no duration.`,
    remedy: "Write it as '12 hours', as {count: 12, period: hour}, or never.",
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}
