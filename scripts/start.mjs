// npm start: installs what is missing, makes what is generated, and runs every role in one process.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildWeb, generate, install, pinnedNode, root, toolEnvironment } from './lib.mjs'

install({ dev: false })
generate()
buildWeb()

const { KEYS_DIR, DATA_DIR } = process.env
const keys = resolve(root, KEYS_DIR || join(DATA_DIR || 'data', 'keys'))
console.log(
  existsSync(keys)
    ? 'starting ...'
    : 'starting; the first start also makes development keys and sample cards ...',
)
const child = spawn(pinnedNode, ['services/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: toolEnvironment(),
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  if (signal !== null) console.error(`watashi: ended by ${signal}`)
  process.exitCode = code ?? (signal === null ? 1 : 128)
})
