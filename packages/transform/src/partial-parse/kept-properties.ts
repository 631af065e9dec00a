import type { PackageProject } from '../project/package-project.ts'
import type { ProjectFile } from '../project/project-files.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import type { PropertiesFacts } from './saved-index.ts'

const nothing = {
  models: [],
  seeds: [],
  snapshots: [],
  analyses: [],
  data_tests: [],
  sources: [],
  macros: [],
  exposures: [],
  groups: [],
  unit_tests: [],
  metrics: [],
  semantic_models: [],
  saved_queries: [],
} satisfies ParsedProperties['content']

/** What a properties file that is still the same says beside what it says of nodes. */
export function keptProperties(
  session: ParseSession,
  project: PackageProject,
  source: ProjectFile,
  { content, written }: PropertiesFacts,
): ParsedProperties {
  const file = session.label(project, source.path)
  return {
    project,
    source,
    // Places are only told of faults, and with one everything is parsed.
    file: { path: file, value: { sources: written }, place: () => ({ file }) },
    content: { ...nothing, ...content },
  }
}
