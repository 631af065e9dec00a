import { yamlContext } from '../context/base-names.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { ProjectSource } from '../project/project-files.ts'
import { keepsBracesInProperties, propertiesFileSchema } from '../project/properties-file.ts'
import type { PropertiesFile } from '../project/properties-file.ts'
import { renderYaml } from '../project/render-yaml.ts'
import { YamlFile } from '../project/yaml-file.ts'
import type { ParseSession } from './parse-session.ts'

/** A properties file of a package, rendered and checked. */
export interface ParsedProperties {
  readonly project: PackageProject
  readonly source: ProjectSource
  readonly file: Pick<YamlFile, 'path' | 'value' | 'place'>
  readonly content: PropertiesFile
}

/** Reads one properties file; what is wrong with it becomes faults of the session. */
export function readProperties(
  session: ParseSession,
  project: PackageProject,
  source: ProjectSource,
): ParsedProperties | undefined {
  return session.attempt(() => {
    const file = new YamlFile(session.label(project, source.path), source.text)
    for (const { line, message } of file.duplicates) session.scope.log.warn(`${file.path}:${line}: ${message}.`)
    const context = yamlContext(session.scopeOf(project.name))
    const rendered = renderYaml({ file, context, keeps: keepsBracesInProperties })
    return { project, source, file, content: file.parse(propertiesFileSchema, rendered) }
  })
}
