import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Person } from '../../services/cli/demo/person.ts'
import type { Cast } from '../../services/cli/demo/story.ts'
import { startInstance, type Instance } from './instance.ts'
import { castAt, closeCast } from './players.ts'

/** A product that can be cut off, as far as a story needs to know it. */
export interface Killable {
  /** Where it is to be found. */
  readonly now: Pick<Instance, 'ready' | 'dataDir'>
  /** The sample services, with connections to what runs now. */
  readonly cast: Cast
  readonly kills: number
  kill(): Promise<void>
}

/** A process that is killed and started again in its folder and on its ports, so that cookies and origins go on. */
export class KillableInstance implements Killable {
  readonly #env: Readonly<Record<string, string>>
  readonly dataDir: string
  #instance: Instance | undefined
  #cast: Cast | undefined
  kills = 0
  #disposed = false

  private constructor(env: Readonly<Record<string, string>>) {
    this.#env = env
    this.dataDir = mkdtempSync(join(tmpdir(), 'watashi-killed-'))
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<KillableInstance> {
    const killable = new KillableInstance({ ...(await chosenPorts()), ...env })
    await killable.#start()
    return killable
  }

  get now(): Instance {
    if (this.#instance === undefined) throw new Error('it does not run')
    return this.#instance
  }

  get cast(): Cast {
    return (this.#cast ??= castAt(this.now))
  }

  /** kill -9, then a start. */
  async kill(): Promise<void> {
    if (this.#disposed) throw new Error('it was disposed of')
    this.kills += 1
    await this.now.kill()
    this.#hangUp()
    await this.#start()
  }

  async stop(): Promise<number | null> {
    this.#hangUp()
    return this.now.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#hangUp()
    await this.#instance?.stop()
    await rm(this.dataDir, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    this.#instance = await startInstance({ dataDir: this.dataDir, env: this.#env })
  }

  #hangUp(): void {
    if (this.#cast !== undefined) closeCast(this.#cast)
    this.#cast = undefined
  }
}

/**
 * Has `act` done at the person's next request whose path matches: before it is sent, after it was answered, or `during`
 * milliseconds after it was sent. A request that got no answer is sent again, as a browser's user would.
 */
export function atRequest(
  { browser }: Person,
  path: RegExp,
  moment: 'before' | 'after' | { readonly during: number },
  act: () => Promise<void>,
): void {
  const send = browser.post.bind(browser)
  const restore = (): void => void Reflect.deleteProperty(browser, 'post')
  const post = async (to: string, body?: object): Promise<unknown> => {
    if (!path.test(to)) return send(to, body)
    restore()
    if (moment === 'before') await act()
    if (typeof moment === 'string') {
      const answer = await send(to, body)
      if (moment === 'after') await act()
      return answer
    }
    const first = send(to, body).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
    await new Promise((resolve) => setTimeout(resolve, moment.during))
    await act()
    const result = await first
    return 'answer' in result ? result.answer : send(to, body)
  }
  Object.defineProperty(browser, 'post', { value: post, configurable: true })
}

const PORTS = [
  'HTTP_PORT',
  'GRPC_PORT',
  'GRPC_BEARER_PORT',
  'AGENT_PORT',
  'SIMULATOR_PORT',
  'OPERATOR_PORT',
  'SAMPLE_RP_PORT',
]
/** The sample services take three ports from the one that is named. */
const SAMPLE_RPS = 3

/** A row of ports that are free now. */
export async function chosenPorts(): Promise<Readonly<Record<string, string>>> {
  for (;;) {
    const servers: Server[] = []
    try {
      const first = await listening(0)
      servers.push(first)
      const { port } = first.address() as AddressInfo // listens on a TCP port
      const more = PORTS.length + SAMPLE_RPS - 2
      for (let i = 1; i <= more; i += 1) servers.push(await listening(port + i))
      return Object.fromEntries(PORTS.map((name, i) => [name, String(port + i)]))
    } catch {
      // One of the row is taken: another row.
    } finally {
      for (const server of servers) server.close()
    }
  }
}

async function listening(port: number): Promise<Server> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}
