// Plain JavaScript without dependencies: runs on any Node from 20 on, before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')

/** The pinned Node 24, once installed. */
export const pinnedNode = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)

/** The environment in which every tool runs on the pinned Node. */
export function toolEnvironment(extra = {}) {
  const path = `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`
  return { ...process.env, ...extra, PATH: path }
}

/** Runs a command in the repository; returns its exit code. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: toolEnvironment(options.env),
    shell: false,
  })
  if (result.error) throw result.error
  return result.status ?? 1
}

/** Runs a command in the repository beside others; resolves to its exit code and everything that it printed. */
export async function runBeside(command, args) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: toolEnvironment(),
  })
  const printed = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => printed.push(chunk))
  const [status] = await once(child, 'close')
  return { status: status ?? 1, output: Buffer.concat(printed).toString() }
}

function must(label, command, args) {
  const status = run(command, args)
  if (status !== 0) {
    console.error(`${label} failed (${command} ${args.join(' ')} ended with ${status})`)
    process.exit(status)
  }
}

/** Which packages of the lockfile are missing or of another version; `dev` includes what only tests need. */
function missingPackages(dev) {
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const file = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(file)) return ['node_modules']
  const installed = JSON.parse(readFileSync(file, 'utf8')).packages
  return Object.entries(locked)
    .filter(
      ([path, entry]) =>
        path !== '' && !entry.optional && !entry.devOptional && (dev || !entry.dev),
    )
    .filter(([path, entry]) => installed[path]?.version !== entry.version)
    .map(([path]) => path)
}

/** Installs from the lockfile what is missing; never removes what a fuller install brought. */
export function install({ dev }) {
  if (missingPackages(dev).length === 0 && existsSync(pinnedNode)) return
  const hasDev = existsSync(join(root, 'node_modules', 'vitest'))
  console.log('installing dependencies (npm ci); the first time this takes a minute or two ...')
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  if (!dev && !hasDev) args.push('--omit=dev')
  const result = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    // A NODE_ENV of production would leave out what was asked for.
    env: { ...process.env, NODE_ENV: '' },
  })
  if (result.status !== 0) {
    console.error('npm ci failed; see the lines above')
    process.exit(result.status ?? 1)
  }
}

function files(place) {
  const path = join(root, place)
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'dist', 'gen'].includes(entry.name))
    .flatMap((entry) => files(join(place, entry.name)))
    .sort()
}

function digestOf(places) {
  const hash = createHash('sha256')
  for (const file of places.flatMap(files)) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

/** Runs `build` unless `stamp` says it was done for just these inputs. */
function unlessDone(stamp, places, build) {
  const file = join(root, stamp)
  const digest = digestOf(places)
  if (existsSync(file) && readFileSync(file, 'utf8') === digest) return
  build()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, digest)
}

/** Code from the Protobuf contracts, and the descriptor image that reflection serves. */
export function generate({ force = false } = {}) {
  const build = () => {
    must('generating from proto', 'buf', ['generate'])
    must('building the descriptor image', 'buf', ['build', '-o', 'proto/gen/image.binpb'])
  }
  if (force) rmSync(join(root, 'proto/gen/.stamp'), { force: true })
  unlessDone('proto/gen/.stamp', ['proto', 'buf.yaml', 'buf.gen.yaml', 'package-lock.json'], build)
}

/** The pages. */
export function buildWeb() {
  const build = () => {
    console.log('building the pages ...')
    must('building the pages', 'vite', ['build', 'web', '--logLevel', 'error'])
    sayWebSizes()
  }
  const inputs = ['web', 'services/kernel', 'services/policy/language', 'package-lock.json']
  const api = readdirSync(join(root, 'services')).map((name) => `services/${name}/api.ts`)
  unlessDone('web/dist/.stamp', [...inputs, ...api], build)
}

/** How much JavaScript a first visit brings, and what each page and language adds to it. */
function sayWebSizes() {
  const dist = join(root, 'web', 'dist')
  const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'))
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const first = new Set([...html.matchAll(/src="\/(assets\/[^"]+\.js)"/g)].map(([, file]) => file))
  const filesOf = (key) => {
    const { file, imports = [] } = manifest[key]
    return first.has(file) ? [] : [file, ...imports.flatMap(filesOf)]
  }
  const sizeOf = (names) => {
    const code = [...new Set(names)].map((name) => readFileSync(join(dist, name)))
    const kilobytes = (sizes) => (sizes.reduce((a, b) => a + b, 0) / 1000).toFixed(0)
    const whole = kilobytes(code.map(({ length }) => length))
    return `${whole} (${kilobytes(code.map((text) => gzipSync(text).length))})`
  }
  const added = Object.entries(manifest)
    .filter(([, { isDynamicEntry }]) => isDynamicEntry)
    .map(([key, { name }]) => `${name} ${sizeOf(filesOf(key))}`)
  console.log(`JavaScript in kB (compressed): ${sizeOf(first)}; then ${added.join(', ')}`)
}
