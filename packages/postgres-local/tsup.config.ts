import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/testing.ts', 'src/vitest-global-setup.ts'],
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: false,
})
