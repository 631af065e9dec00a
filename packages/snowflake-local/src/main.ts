#!/usr/bin/env node
import { runCommand } from './command.ts'

try {
  await runCommand(process.argv)
} catch (error) {
  process.stderr.write(`snowflake-local: ${(error as Error).message}\n`)
  process.exitCode = 1
}
