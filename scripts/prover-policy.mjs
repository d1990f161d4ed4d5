// npm run prover:policy -- [--every N] [--pack NAME]… [--report]: Z3 and the exact analysis on every axis and on changed versions of it.
import { generate, install, run } from './lib.mjs'

install({ dev: true })
generate()
process.exitCode = run('node', ['test/policy/smt/main.ts', ...process.argv.slice(2)])
