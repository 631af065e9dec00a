import { defineConfig } from 'tsup'

// The worker is an entry of its own: it is found beside the module that starts it.
export default defineConfig({
  entry: { index: 'src/index.ts', worker: 'src/thread/worker.ts' },
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: false,
})
