import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/transform: running dbt projects. */
export const transformErrors = {
  ARTIFACT_INVALID: {
    failureType: 'config_error',
    cause: 'A manifest.json, run_results.json or sources.json that is to be compared with cannot be read.',
    remedy: 'Write it anew with `parse`, or name another folder with --state.',
  },
  CLEAN_REFUSED: {
    failureType: 'config_error',
    cause:
      "`clean-targets` of dbt_project.yml names a folder with the project's own files, or one outside of the project.",
    remedy: 'Take it out of `clean-targets`.',
  },
  COMMAND_INVALID: {
    failureType: 'config_error',
    cause: 'A command, an option or the value of one does not exist.',
    remedy: 'Try --help for the commands and their options.',
  },
  CONTRACT_BROKEN: {
    failureType: 'config_error',
    cause: 'The enforced contract of a versioned model was changed in a way that its readers cannot bear.',
    remedy: 'Take the change back, or make a new version of the model.',
  },
  DOCS_NOT_SERVED: {
    failureType: 'config_error',
    cause: 'The docs site cannot be served: there is none, or the port or the address cannot be listened at.',
    remedy: 'Write the site with `docs generate`, or name another port with --port.',
  },
  FRESHNESS_UNKNOWN: {
    failureType: 'config_error',
    cause:
      'How old the rows of a source are cannot be found out: it names no field for it, or one that is no timestamp.',
    remedy: 'Give the source a loaded_at_field: the column, or an expression, that says when a row was loaded.',
  },
  MODEL_CYCLE: {
    failureType: 'config_error',
    cause: 'Models refer to each other in a circle, so that none can be built first.',
    remedy: 'Take one ref() out of the circle that the message names.',
  },
  MODEL_FAILED: {
    failureType: 'config_error',
    cause: 'The warehouse refused the SQL of a model or a test.',
    remedy: 'Correct the SQL; the compiled text is in the file that the message names.',
  },
  PACKAGE_UNAVAILABLE: {
    failureType: 'config_error',
    cause: 'A package that packages.yml asks for cannot be fetched, or none of its versions fits all that ask for it.',
    remedy: 'Correct the entry in packages.yml; the message says what was tried.',
  },
  PROJECT_INVALID: {
    failureType: 'config_error',
    cause: "The dbt project's files have faults.",
    remedy: 'Correct the places named in the message.',
  },
  RETRY_IMPOSSIBLE: {
    failureType: 'config_error',
    cause: '`retry` found no run_results.json of a run whose nodes can be run again.',
    remedy: 'Run `build` first, or name the folder of its artifacts with --state.',
  },
  SELECTION_INVALID: {
    failureType: 'config_error',
    cause: 'A selection of nodes has a form or a method that does not exist.',
    remedy: 'Write it as dbt does: `name`, `+name+`, `tag:nightly`, `path:models/staging`, `a,b` for both.',
  },
  TEMPLATE_FAILED: {
    failureType: 'config_error',
    cause: 'The Jinja of a model, a macro or a test could not be rendered.',
    remedy: 'Correct the template at the place that the message names.',
  },
  WARNING_REFUSED: {
    failureType: 'config_error',
    cause: 'Something was warned of, and --warn-error lets warnings fail the command.',
    remedy: 'Remove what the message names, or run without --warn-error.',
  },
} as const satisfies Record<string, ErrorEntry>
