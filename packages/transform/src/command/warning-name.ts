/** dbt's names of warnings, by which `--warn-error-options` chooses: what is below the commands speaks in sentences. */
const names: readonly (readonly [said: RegExp, name: string])[] = [
  [/^The selection criterion .* does not match/u, 'NoNodesForSelectionCriteria'],
  [/^Configuration paths exist in your dbt_project.yml/u, 'UnusedResourceConfigPath'],
  [/^Usage of --models, --model and -m is deprecated/u, 'ModelParamUsageDeprecation'],
  [/^The environment variable `DBT_\w+` has been renamed as /u, 'EnvironmentVariableRenamed'],
  [/^Found `(?:include|exclude)` in warn_error_options/u, 'WEOIncludeExcludeDeprecation'],
  [/^Nothing to do\./u, 'NothingToDo'],
  [/^No nodes selected/u, 'NoNodesSelected'],
  [/ describes ".*" under .*, and there is no such node\.$/u, 'NoNodeForYamlKey'],
  [/ describes the macro ".*", which does not exist\.$/u, 'MacroNotFoundForPatch'],
  [/: the test ".*" is left out: /u, 'NodeNotFoundOrDisabled'],
  [/: "source-paths" has been called /u, 'ConfigSourcePathDeprecation'],
  [/: "data-paths" has been called /u, 'ConfigDataPathDeprecation'],
  [/ is given twice, and the last one holds/u, 'DuplicateYAMLKeysDeprecation'],
]

/** What a template says by `exceptions.warn` and `log` has the name that dbt gives to these. */
const otherName = 'JinjaLogWarning'

export function warningName(message: string): string {
  return names.find(([said]) => said.test(message))?.[1] ?? otherName
}
