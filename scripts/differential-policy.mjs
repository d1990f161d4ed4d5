// npm run differential:policy -- [--count N] [--seed N] [--report]: random facts, judged by every back-end of the policy engine.
import { generate, install, run } from './lib.mjs'

install({ dev: true })
generate()
process.exitCode = run('node', ['test/policy/main.ts', ...process.argv.slice(2)])
