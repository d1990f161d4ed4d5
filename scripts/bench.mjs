// npm run bench [-- readers | policy]: ratios to floors measured in the same run; the tables are appended to
// test/reports/bench.md and test/reports/policy-bench.md.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { generate, install, root, run } from './lib.mjs'

install({ dev: true })
generate()
// A peer that the lockfile cannot have: `npm ci` refuses one that lacks the builds of some platform, which is what npm writes where
// a registry does not have them all. It lies in a folder of its own; without it the table says so.
const peers = join(root, '.cache', 'peers')
if (process.argv[2] !== 'readers' && !existsSync(join(peers, 'node_modules/@gorules/zen-engine'))) {
  mkdirSync(peers, { recursive: true })
  const peer = '@gorules/zen-engine@0.54.0'
  run('npm', ['install', '--prefix', peers, '--no-audit', '--no-fund', '--loglevel=error', peer])
}
process.exitCode = run('node', ['--expose-gc', 'bench/main.ts', ...process.argv.slice(2)])
