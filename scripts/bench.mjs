// npm run bench: ratios to floors measured in the same run; the table is appended to test/reports/bench.md.
import { generate, install, run } from './lib.mjs'

install({ dev: true })
generate()
process.exitCode = run('node', ['--expose-gc', 'bench/main.ts'])
