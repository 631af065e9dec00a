#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { startSmaller } from './young-generation.ts'

startSmaller()
// Starting takes half the time when Node keeps what it compiled, as it does then in the temporary directory.
enableCompileCache()
await import('./command.ts')
