// npm run bench [-- readers | policy]: ratios to floors measured in the same run; the tables are appended to
// test/reports/bench.md and test/reports/policy-bench.md.
import { generate, install, run } from './lib.mjs'

install({ dev: true })
generate()
process.exitCode = run('node', ['--expose-gc', 'bench/main.ts', ...process.argv.slice(2)])
