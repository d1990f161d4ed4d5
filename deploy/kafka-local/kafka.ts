// Apache Kafka on this machine without Docker, from the jars of Maven Central: needs Java 17 or newer and Maven.
//   node deploy/kafka-local/kafka.ts     starts a broker on a free port, prints KAFKA_BROKERS, stops at Ctrl-C
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const READY_MILLISECONDS = 60_000

export interface LocalKafka {
  readonly brokers: string
  /** As a power cut: the data stays for the next `start`. */
  kill(): Promise<void>
  /** Starts the broker again after `kill`. */
  start(): Promise<void>
  /** Stops the broker and deletes its data. */
  stop(): Promise<void>
}

/** Why no broker can be started here; `undefined` when one can. */
export function missingForKafka(): string | undefined {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1]
  if (version === undefined) return 'Java is not installed (Debian: openjdk-17-jre-headless)'
  if (Number(version) < 17) return `Java ${version} is too old for Kafka 4, which needs 17`
  if (spawnSync('mvn', ['-v']).status !== 0) return 'Maven is not installed (Debian: maven)'
  return undefined
}

/** Fetches the jars once into `.kafka/`, then starts one broker on free ports in a folder of its own. */
export async function startLocalKafka(): Promise<LocalKafka> {
  const jars = await fetchJars()
  const folder = await mkdtemp(join(tmpdir(), 'watashi-kafka-'))
  const [port, controllerPort] = await freePorts()
  const properties = join(folder, 'server.properties')
  await writeFile(properties, await configured(folder, port, controllerPort))
  const classPath = join(jars, '*')
  format(classPath, await storageTool(jars), properties)
  const broker = new Broker(port, folder, classPath, properties)
  try {
    await broker.start()
  } catch (error) {
    const log = await readFile(join(folder, 'broker.log'), 'utf8').catch(() => '')
    await broker.stop()
    throw new Error(`Kafka did not start: ${log.slice(-2000)}`, { cause: error })
  }
  return broker
}

class Broker implements LocalKafka {
  readonly brokers: string
  readonly #port: number
  readonly #folder: string
  readonly #arguments: readonly string[]
  #process: ChildProcess | undefined
  #guard: (() => void) | undefined

  constructor(port: number, folder: string, classPath: string, properties: string) {
    this.brokers = `127.0.0.1:${port}`
    this.#port = port
    this.#folder = folder
    this.#arguments = ['-Xms256m', '-Xmx512m', '-cp', classPath, 'kafka.Kafka', properties]
  }

  async start(): Promise<void> {
    const broker = spawn('java', this.#arguments, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = broker
    this.#guard = endWithParent(broker, 'KILL')
    const output = createWriteStream(join(this.#folder, 'broker.log'), { flags: 'a' })
    broker.stdout.pipe(output, { end: false })
    broker.stderr.pipe(output, { end: false })
    await answersApiVersions(this.#port, broker)
  }

  async kill(): Promise<void> {
    const broker = this.#process
    this.#process = undefined
    this.#guard?.()
    if (broker === undefined || broker.exitCode !== null || broker.signalCode !== null) return
    const exited = once(broker, 'exit')
    broker.kill('SIGKILL')
    await exited
  }

  async stop(): Promise<void> {
    await this.kill() // its data is thrown away, so there is nothing to wait for
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/**
 * Ends a server when this process is gone, however it went: a shell waits for the end of a pipe that only we hold open.
 * @returns a function that calls the guard off
 */
export function endWithParent(server: ChildProcess, signal: 'KILL' | 'QUIT'): () => void {
  const { pid } = server
  if (pid === undefined) return () => undefined
  const guard = spawn('sh', ['-c', `read _; kill -${signal} ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // an interrupt from the terminal must not end the guard before its time
  })
  guard.unref()
  server.once('exit', () => guard.kill('SIGKILL'))
  return () => void guard.kill('SIGKILL')
}

async function fetchJars(): Promise<string> {
  const pom = join(here, 'pom.xml')
  const digest = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12)
  const jars = join(root, '.kafka', `lib-${digest}`)
  if (existsSync(jars)) return jars
  await mkdir(join(root, '.kafka'), { recursive: true })
  const fetching = await mkdtemp(join(root, '.kafka', 'fetching-'))
  const maven = spawn(
    'mvn',
    ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${fetching}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaint = ''
  maven.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const [status] = (await once(maven, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`Maven could not fetch Apache Kafka: ${complaint.slice(-500)}`)
  // Whole or not at all; another run may have been faster.
  await rename(fetching, jars).catch(() => rm(fetching, { recursive: true }))
  return jars
}

/** The class moved between packages over releases; names stand uncompressed in the directory of a jar. */
async function storageTool(jars: string): Promise<string> {
  const names = ['kafka/tools/StorageTool', 'org/apache/kafka/tools/StorageTool']
  for (const jar of await readdir(jars)) {
    if (!jar.startsWith('kafka')) continue
    const content = await readFile(join(jars, jar))
    const found = names.find((name) => content.includes(`${name}.class`))
    if (found !== undefined) return found.replaceAll('/', '.')
  }
  throw new Error('no StorageTool in the jars of Apache Kafka')
}

function format(classPath: string, tool: string, properties: string): void {
  // A version 4 UUID in base64url, and none that begins like an option.
  const id = `k${randomBytes(16).toString('base64url').slice(1)}`
  const result = spawnSync(
    'java',
    ['-cp', classPath, tool, 'format', '--standalone', '-t', id, '-c', properties],
    { encoding: 'utf8' },
  )
  if (result.status !== 0) throw new Error(`Kafka storage: ${result.stdout}${result.stderr}`)
}

async function configured(folder: string, port: number, controllerPort: number): Promise<string> {
  const template = await readFile(join(here, 'server.properties'), 'utf8')
  return template
    .replaceAll(':9092', `:${port}`)
    .replaceAll(':9093', `:${controllerPort}`)
    .replace('.kafka/data', join(folder, 'data'))
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    }),
  )
  for (const server of servers) server.close()
  return [ports[0] ?? 0, ports[1] ?? 0]
}

/** An open port is not enough: the broker is ready when it answers a request (ApiVersions, version 0). */
async function answersApiVersions(port: number, broker: ChildProcess): Promise<void> {
  const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
  const until = Date.now() + READY_MILLISECONDS
  while (Date.now() < until && broker.exitCode === null) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(request))
      socket.setTimeout(2000, () => socket.destroy())
      socket.once('data', () => {
        resolve(true)
        socket.destroy()
      })
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('no answer')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = missingForKafka()
  if (missing !== undefined) {
    console.error(missing)
    process.exitCode = 1
  } else {
    const kafka = await startLocalKafka()
    console.log(`KAFKA_BROKERS=${kafka.brokers}`)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void kafka.stop())
    }
  }
}
