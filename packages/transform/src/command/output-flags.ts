import type { Flag } from './flag.ts'

const levels = ['debug', 'info', 'warn', 'error', 'none']
const formats = ['text', 'debug', 'json', 'default']

/** What is told, where, and in which form. */
export const outputFlags: readonly Flag[] = [
  { name: 'quiet', options: ['-q', '--quiet'], kind: 'switch', default: false, about: 'tell of nothing but failures' },
  { name: 'debug', options: ['-d', '--debug'], kind: 'switch', default: false, about: 'tell of everything' },
  {
    name: 'log_format',
    options: ['--log-format'],
    kind: 'text',
    choices: formats,
    default: 'default',
    about: 'text for people, json for programs',
  },
  { name: 'log_format_file', options: ['--log-format-file'], kind: 'text', choices: formats, default: 'debug' },
  {
    name: 'log_level',
    options: ['--log-level'],
    kind: 'text',
    choices: levels,
    default: 'info',
    about: 'what to tell of',
  },
  { name: 'log_level_file', options: ['--log-level-file'], kind: 'text', choices: levels, default: 'debug' },
  { name: 'log_path', options: ['--log-path'], kind: 'text', about: 'folder of dbt.log' },
  {
    name: 'print',
    options: ['--print'],
    kind: 'switch',
    default: true,
    formerVariable: { name: 'DBT_NO_PRINT', isInverted: true },
    about: 'show what print() says',
  },
  { name: 'printer_width', options: ['--printer-width'], kind: 'number', default: 80, about: 'width of its lines' },
  { name: 'use_colors', options: ['--use-colors'], kind: 'switch', about: 'colours' },
  { name: 'use_colors_file', options: ['--use-colors-file'], kind: 'switch', default: true },
  {
    name: 'write_json',
    options: ['--write-json'],
    kind: 'switch',
    default: true,
    about: 'write the artifacts',
  },
]
