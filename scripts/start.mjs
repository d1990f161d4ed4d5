// npm start: installs what is missing, makes what is generated, and runs every role in one process.
import { spawn } from 'node:child_process'
import { buildWeb, generate, install, pinnedNode, root, toolEnvironment } from './lib.mjs'

install({ dev: false })
generate()
buildWeb()

console.log('starting; the first start also makes development keys and sample cards ...')
const child = spawn(pinnedNode, ['services/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: toolEnvironment(),
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128)
})
