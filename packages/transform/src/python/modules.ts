/** What templates see as `modules`: the parts of Python's standard library that dbt gives them. */
export function pythonModules(): Readonly<Record<'datetime' | 'pytz' | 're' | 'itertools', unknown>> {
  return { datetime: {}, pytz: {}, re: {}, itertools: {} }
}
