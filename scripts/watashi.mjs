#!/usr/bin/env node
// The launcher behind `npx watashi`: finds the pinned Node and hands over.
import { spawn } from 'node:child_process'
import { generate, install, pinnedNode, toolEnvironment } from './lib.mjs'
import { join } from 'node:path'
import { root } from './lib.mjs'

install({ dev: false })
generate()
const child = spawn(pinnedNode, [join(root, 'services/cli.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: toolEnvironment(),
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  if (signal !== null) console.error(`watashi: ended by ${signal}`)
  process.exitCode = code ?? (signal === null ? 3 : 128)
})
