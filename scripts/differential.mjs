// npm run differential -- [--count N] [--seed N] [--at-once N] [--report]: mutants of certificates, lists, answers and
// documents, judged by our verifier and by the openssl command line.
import { generate, install, run } from './lib.mjs'

install({ dev: true })
generate()
process.exitCode = run('node', ['test/differential/main.ts', ...process.argv.slice(2)])
