import type { Flag } from './flag.ts'

/** Where project, profile and artifacts are, and how the project is read. */
export const projectFlags: readonly Flag[] = [
  { name: 'project_dir', options: ['--project-dir'], kind: 'text', about: 'folder with dbt_project.yml' },
  { name: 'profiles_dir', options: ['--profiles-dir'], kind: 'text', about: 'folder with profiles.yml' },
  { name: 'profile', options: ['--profile'], kind: 'text', about: 'profile of profiles.yml' },
  { name: 'target', options: ['-t', '--target'], kind: 'text', about: 'target of the profile' },
  { name: 'target_path', options: ['--target-path'], kind: 'text', about: 'folder for artifacts' },
  {
    name: 'vars',
    options: ['--vars'],
    kind: 'yaml',
    default: {},
    hasVariable: false,
    about: "variables, as YAML: '{day: 2026-01-01}'",
  },
  { name: 'threads', options: ['--threads'], kind: 'number', hasVariable: false, about: 'nodes at once' },
  {
    name: 'partial_parse',
    options: ['--partial-parse'],
    kind: 'switch',
    default: true,
    about: 'read only the files that changed',
  },
]
