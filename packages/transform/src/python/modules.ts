import { datetimeModule, pytzModule } from './datetime-module.ts'
import { itertoolsModule } from './itertools-module.ts'
import { regularExpressionModule } from './regular-expression-module.ts'

/** What templates see as `modules`: the parts of Python's library that dbt gives them. */
export function pythonModules(): Readonly<Record<'datetime' | 'pytz' | 're' | 'itertools', unknown>> {
  return { datetime: datetimeModule, pytz: pytzModule(), re: regularExpressionModule, itertools: itertoolsModule }
}
