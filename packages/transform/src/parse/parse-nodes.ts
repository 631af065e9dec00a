import { NodeBuilder } from './node-builder.ts'
import type { PackageFiles } from './package-files.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedNode } from './parsed-node.ts'
import type { ParsedProperties } from './read-properties.ts'

/** The nodes of all files that hold some, as their own files describe them; faults are collected by the session. */
export function parseNodes(session: ParseSession, files: readonly PackageFiles[]): ParsedNode[] {
  const builder = new NodeBuilder(session)
  const nodes: ParsedNode[] = []
  const attempt = (work: () => ParsedNode | ParsedNode[]) => {
    const made = session.attempt(work)
    if (made !== undefined) nodes.push(...[made].flat())
  }
  for (const { project, projectText, models, seeds, snapshots, analyses, tests } of files) {
    for (const source of models) attempt(() => builder.model(project, source))
    for (const source of snapshots) attempt(() => builder.snapshots(project, source))
    for (const source of analyses) attempt(() => builder.analysis(project, source))
    for (const source of tests) attempt(() => builder.singularTest(project, source))
    for (const source of seeds) attempt(() => builder.seed(project, source))
    if (projectText !== undefined) attempt(() => builder.hooks(project, projectText))
  }
  return nodes
}

/** Those that stand in properties files. */
export function parseYamlSnapshots(session: ParseSession, properties: readonly ParsedProperties[]): ParsedNode[] {
  const builder = new NodeBuilder(session)
  return properties.flatMap(({ project, source, content }) =>
    content.snapshots.flatMap(({ name, relation }) =>
      relation === undefined
        ? []
        : (session.attempt(() => builder.yamlSnapshot(project, source, name, relation)) ?? []),
    ),
  )
}
