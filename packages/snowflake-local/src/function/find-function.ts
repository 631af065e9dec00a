import type { FunctionRule } from './function-rule.ts'

const rules: ReadonlyMap<string, FunctionRule> = new Map()

export function findFunction(name: string): FunctionRule | undefined {
  return rules.get(name)
}
