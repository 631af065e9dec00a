export { defineConfig } from './define-config.ts'
export type { ProjectConfig } from './define-config.ts'
