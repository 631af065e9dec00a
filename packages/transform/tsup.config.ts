import { defineConfig } from 'tsup'
import { writeSiteBundle } from './site-bundle.ts'

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: false,
  onSuccess: async () => await writeSiteBundle('dist/docs-site'),
})
