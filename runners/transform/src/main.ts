#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Starting takes half the time when Node keeps what it compiled, as it does then in the temporary directory.
enableCompileCache()
const { runInProcess } = await import('@eclusa/transform')
process.exitCode = await runInProcess('eclusa-transform', process.argv.slice(2))
