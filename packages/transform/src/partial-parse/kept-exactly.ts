import { isRecord } from '../manifest/node-config.ts'
import { PyFloat } from '../jinja/python-number.ts'

/** Whether a value is the same after it was JSON: a template may hand `config` a relation, or what nobody defined. */
export function isKeptExactly(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isKeptExactly)
  if (value instanceof PyFloat) return true
  if (!isRecord(value)) return value === null || ['string', 'boolean', 'undefined'].includes(typeof value)
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isKeptExactly)
}
