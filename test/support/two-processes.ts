import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cast } from '../../services/cli/demo/story.ts'
import { balanceConnections, balanceRequests, type Balancer } from './balancer.ts'
import { freePort } from './free-port.ts'
import { startInstance, type Instance, type InstanceOptions } from './instance.ts'
import { chosenPorts, type Killable } from './killable-instance.ts'
import { castAt, closeCast } from './players.ts'

/** One of the two, running or on its way. */
interface Member {
  readonly options: InstanceOptions
  readonly httpPort: number
  instance: Instance
  /** Settles when it runs again after a kill. */
  back: Promise<void>
}

interface Balancers {
  readonly http: Balancer
  readonly grpc: Balancer
  readonly bearer: Balancer
}

/**
 * Two processes on the same broker and database, as the README says, behind balancers that give each request to the next. A
 * kill takes the one and then the other, in turn: whoever is left goes on alone until the killed one has come back by itself.
 */
export class TwoProcesses implements Killable {
  readonly now: Killable['now']
  kills = 0
  readonly #members: readonly [Member, Member]
  readonly #balancers: Balancers
  #cast: Cast | undefined

  private constructor(
    now: Killable['now'],
    members: readonly [Member, Member],
    balancers: Balancers,
  ) {
    this.now = now
    this.#members = members
    this.#balancers = balancers
    this.#balance()
  }

  static async start(env: Readonly<Record<string, string>>): Promise<TwoProcesses> {
    const dataDir = mkdtempSync(join(tmpdir(), 'watashi-two-'))
    const balancers = {
      http: await balanceRequests(),
      grpc: await balanceConnections(),
      bearer: await balanceConnections(),
    }
    const issuer = `http://localhost:${balancers.http.port}`
    const places = await chosenPorts()
    const first = { dataDir, env: { ...env, ...places, ISSUER: issuer } }
    const { AGENT_PORT = '', SIMULATOR_PORT = '', SAMPLE_RP_PORT = '' } = places
    const beside = { SAMPLES: '0', AGENT_PORT, SIMULATOR_PORT, SAMPLE_RP_PORT }
    const second = { dataDir, env: { ...env, ...beside, ISSUER: issuer } }
    const one = await member(first, Number(places['HTTP_PORT']))
    const other = await member(second, await freePort())
    const ready = {
      ...one.instance.ready,
      grpc: `127.0.0.1:${balancers.grpc.port}`,
      grpcBearer: `127.0.0.1:${balancers.bearer.port}`,
    }
    return new TwoProcesses({ ready, dataDir }, [one, other], balancers)
  }

  get cast(): Cast {
    return (this.#cast ??= castAt(this.now))
  }

  /** How many requests of browsers each of the two was given. */
  get served(): readonly number[] {
    return [...this.#balancers.http.chosen.values()]
  }

  /** kill -9 for the one whose turn it is; resolves when it is dead, and it starts again meanwhile. */
  async kill(): Promise<void> {
    const victim = this.#members[this.kills % 2 === 0 ? 0 : 1]
    await Promise.all(this.#members.map(({ back }) => back))
    this.kills += 1
    this.#hangUp()
    this.#balance(victim)
    await victim.instance.kill()
    victim.back = startInstance(victim.options).then((instance) => {
      victim.instance = instance
      this.#balance()
    })
    victim.back.catch(() => undefined) // told to whoever waits for it
  }

  /** As SIGTERM would; the exit codes of the two. */
  async stop(): Promise<readonly (number | null)[]> {
    this.#hangUp()
    await Promise.all(this.#members.map(({ back }) => back))
    return Promise.all(this.#members.map(({ instance }) => instance.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hangUp()
    for (const one of this.#members) {
      await one.back.catch(() => undefined)
      await one.instance.stop()
    }
    const { http, grpc, bearer } = this.#balancers
    for (const balancer of [http, grpc, bearer]) await balancer.close()
    await rm(this.now.dataDir, { recursive: true, force: true })
  }

  /** Gives work to those who live. */
  #balance(dead?: Member): void {
    const living = this.#members.filter((one) => one !== dead)
    const { http, grpc, bearer } = this.#balancers
    http.behind = living.map(({ httpPort }) => httpPort)
    grpc.behind = living.map(({ instance }) => portOf(instance.ready.grpc))
    bearer.behind = living.map(({ instance }) => portOf(instance.ready.grpcBearer))
  }

  #hangUp(): void {
    if (this.#cast !== undefined) closeCast(this.#cast)
    this.#cast = undefined
  }
}

async function member(at: InstanceOptions, httpPort: number): Promise<Member> {
  const options = { ...at, env: { ...at.env, HTTP_PORT: String(httpPort) } }
  return { options, httpPort, instance: await startInstance(options), back: Promise.resolve() }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1))
}
