import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '../testing/run-cli.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'eclusa transform '))
})
afterAll(async () => await rm(directory, { recursive: true }))

describe('eclusa transform', () => {
  test("ends a build with dbt's exit codes: 0, 1 when a node fails, 2 when it cannot run", async () => {
    expect((await runCli(['transform', 'init', 'shop'], { directory })).code).toBe(0)
    const project = path.join(directory, 'shop')
    const built = await runCli(['transform', 'build'], { directory: project })
    expect(built.stdout).toContain('Done. PASS=6 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=6\n')
    expect(built.code).toBe(0)

    await writeFile(path.join(project, 'models/example/broken.sql'), 'select nothing')
    const failed = await runCli(['transform', '--quiet', 'run', '-s', 'broken'], { directory: project })
    expect(failed.code).toBe(1)
    expect(failed.stdout).toContain('Failure in model broken (models/example/broken.sql)')

    const wrong = await runCli(['transform', 'run', '--target', 'absent'], { directory: project })
    expect(wrong.code).toBe(2)
    expect(wrong.stdout).toContain("does not have a target named 'absent'")
  })

  test('is among the commands, and says what its own are', async () => {
    const [program, transform, flags] = await Promise.all([
      runCli(['--help'], { directory }),
      runCli(['transform', '--help'], { directory }),
      runCli(['transform', 'ls', '--help'], { directory }),
    ])
    expect(program.stdout).toContain('transform')
    expect(transform.stdout).toContain('source freshness')
    expect(flags.stdout).toContain('--output-keys')
  })
})
