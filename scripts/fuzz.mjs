// npm run fuzz -- [--seconds N] [--target name]… [--seed N] [--report]: mutants of everything that is parsed.
import { generate, install, run } from './lib.mjs'

install({ dev: true })
generate()
process.exitCode = run('node', ['test/fuzz/main.ts', ...process.argv.slice(2)])
