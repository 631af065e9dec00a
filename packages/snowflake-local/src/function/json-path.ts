import { isArray, isObject } from './json-value.ts'
import type { JsonValue } from './json-value.ts'

/** A key of an object, or a place of an array. */
export type JsonStep = string | number

/** `a.b[0]['key with space']`, as GET_PATH and FLATTEN's PATH write it. */
export function readPath(path: string): readonly JsonStep[] {
  const steps: JsonStep[] = []
  const part =
    /\[\s*(?<index>\d+)\s*\]|\[\s*(?:'(?<single>[^']*)'|"(?<double>[^"]*)")\s*\]|"(?<quoted>[^"]*)"|(?<plain>[^.[\]:"]+)/gu
  for (const { groups } of path.matchAll(part)) {
    if (groups?.['index'] === undefined) {
      steps.push(groups?.['single'] ?? groups?.['double'] ?? groups?.['quoted'] ?? groups?.['plain'] ?? '')
    } else steps.push(Number(groups['index']))
  }
  return steps
}

export function stepInto(value: JsonValue, step: JsonStep, ignoreCase = false): JsonValue | undefined {
  if (typeof step === 'number') return isArray(value) ? value[step] : undefined
  if (!isObject(value)) return undefined
  const exact = value.get(step)
  if (exact !== undefined || !ignoreCase) return exact
  const lower = step.toLowerCase()
  return [...value].find(([key]) => key.toLowerCase() === lower)?.[1]
}
