#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Starting takes half the time when Node keeps what it compiled, as it does then in the temporary directory.
enableCompileCache()
const [{ runConnector }, { duckdb }] = await Promise.all([
  import('@eclusa/sdk/airbyte'),
  import('@eclusa/destination-duckdb'),
])
const documentationUrl = 'https://github.com/eclusa/eclusa/blob/main/docs/connectors/duckdb.md'
process.exitCode = await runConnector(duckdb, { documentationUrl })
