import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { isRecord } from '../manifest/node-config.ts'
import { keepsNothing, renderYaml } from './render-yaml.ts'
import { YamlFile } from './yaml-file.ts'

const versions = z.union([z.string(), z.number().transform(String), z.array(z.string())])

const registrySchema = z.object({
  package: z.string().regex(/^[^/\s]+\/[^/\s]+$/u, 'is written as <owner>/<name>'),
  version: versions,
  'install-prerelease': z.boolean().optional(),
  install_prerelease: z.boolean().optional(),
  name: z.string().optional(),
})
const gitSchema = z.object({
  git: z.string(),
  revision: z
    .union([z.string(), z.number().transform(String), z.array(z.string()).transform((list) => list[0])])
    .nullish(),
  subdirectory: z.string().nullish(),
  'warn-unpinned': z.boolean().nullish(),
  name: z.string().optional(),
})
const localSchema = z.object({ local: z.string(), name: z.string().optional() })
const tarballSchema = z.object({ tarball: z.string(), name: z.string() })

/** One entry of packages.yml. */
export type PackageSpec = z.output<typeof registrySchema | typeof gitSchema | typeof localSchema | typeof tarballSchema>

const packagesSchema = z.looseObject({
  packages: z
    .array(z.union([registrySchema, gitSchema, localSchema, tarballSchema], 'names a package, git, local or tarball'))
    .default([]),
})

/** What a project asks for in packages.yml, or in dependencies.yml, whose Jinja is not rendered. */
export interface DeclaredPackages {
  readonly file: string
  readonly specs: readonly PackageSpec[]
  /** dbt's mark of the list, by which package-lock.yml is known to be out of date. */
  readonly hash: string
}

export async function readDeclaredPackages(
  directory: string,
  context: Readonly<Record<string, unknown>>,
): Promise<DeclaredPackages> {
  for (const name of ['packages.yml', 'dependencies.yml']) {
    const text = await readFile(path.join(directory, name), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const file = new YamlFile(name, text)
    const value = name === 'packages.yml' ? renderYaml({ file, context, keeps: keepsNothing }) : file.value
    const { packages } = file.parse(
      packagesSchema,
      isRecord(value) ? { ...value, packages: value['packages'] ?? [] } : {},
    )
    if (packages.length > 0) return { file: name, specs: packages, hash: hashOf(packages, file.value) }
  }
  return { file: 'packages.yml', specs: [], hash: hashOf([], {}) }
}

/** The entries of package-lock.yml, and the mark of the list that it was made for. */
export async function readLockFile(
  directory: string,
): Promise<{ specs: readonly PackageSpec[]; hash: string } | undefined> {
  const text = await readFile(path.join(directory, lockFileName), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const file = new YamlFile(lockFileName, text)
  const { packages, sha1_hash: hash } = file.parse(packagesSchema.extend({ sha1_hash: z.string().optional() }))
  return { specs: packages, hash: hash ?? '' }
}

export const lockFileName = 'package-lock.yml'

/** The sha1 of what Python's json prints of the entries, in dbt's order. */
function hashOf(specs: readonly PackageSpec[], written: unknown): string {
  const raw = isRecord(written) && Array.isArray(written['packages']) ? (written['packages'] as unknown[]) : []
  const texts = specs.map((spec, index) => pythonJson({ ...hashedKeys(spec), unrendered: raw[index] ?? {} }))
  return createHash('sha1').update(texts.toSorted().join('\n')).digest('hex')
}

function hashedKeys(spec: PackageSpec): Record<string, unknown> {
  const { name: _, ...rest } = spec as Record<string, unknown>
  if ('package' in spec) {
    const { 'install-prerelease': dashed, install_prerelease: underscored, ...kept } = rest
    return { ...kept, install_prerelease: dashed ?? underscored ?? false }
  }
  if ('git' in spec) return { revision: null, subdirectory: null, 'warn-unpinned': null, ...rest }
  return 'tarball' in spec ? { ...rest, name: spec.name } : rest
}

/** `json.dumps(value, sort_keys=True)`. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (!isRecord(value)) return asciiJson(value)
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return `{${entries.map(([key, item]) => `${asciiJson(key)}: ${pythonJson(item)}`).join(', ')}}`
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007F-\uFFFF]/gu,
    (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
