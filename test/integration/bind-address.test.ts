import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Ready } from '../../services/ready.ts'
import { freePort } from '../support/free-port.ts'
import { startInstance } from '../support/instance.ts'
import { castAt, closeCast } from '../support/players.ts'

/** Loopback as well, but none that a server at 127.0.0.1 answers at: it stands for the addresses that others see. */
const ANOTHER = '127.0.0.2'

function portOf(address = ''): number {
  return Number(/:(\d+)$/.exec(address)?.[1])
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => resolve(false)).once('connect', () => socket.destroy())
  })
}

/** Which faces answer at an address. */
async function openAt(host: string, httpPort: number, ready: Ready): Promise<string[]> {
  const faces = {
    pages: httpPort,
    grpc: portOf(ready.grpc),
    grpcBearer: portOf(ready.grpcBearer),
    operator: portOf(ready.operator),
    agent: portOf(ready.agent),
    desk: portOf(ready.desk),
    ...Object.fromEntries(Object.entries(ready.samples ?? {}).map(([id, at]) => [id, portOf(at)])),
  }
  const asked = Object.entries(faces).map(async ([name, port]) => {
    return (await answers(host, port)) ? [name] : []
  })
  return (await Promise.all(asked)).flat()
}

const EVERY_FACE = [
  ...['pages', 'grpc', 'grpcBearer', 'operator', 'agent', 'desk'],
  ...['library', 'liquor', 'bank'],
]

describe('where the faces are to be found', () => {
  test('with nothing set, on this machine alone', async () => {
    const port = await freePort()
    await using instance = await startInstance({ env: { HTTP_PORT: String(port) } })
    expect(await openAt('127.0.0.1', port, instance.ready)).toEqual(EVERY_FACE)
    expect(await openAt(ANOTHER, port, instance.ready)).toEqual([])
  })

  test('at every address, as told: pages and gRPC, and nothing else', async () => {
    const port = await freePort()
    const env = { HTTP_PORT: String(port), BIND_ADDRESS: '0.0.0.0' }
    await using instance = await startInstance({ env })
    expect(await openAt('127.0.0.1', port, instance.ready)).toEqual(EVERY_FACE)
    expect(await openAt(ANOTHER, port, instance.ready)).toEqual(['pages', 'grpc', 'grpcBearer'])
  })

  test('at one address, as told, where the sample services find gRPC too', async () => {
    const port = await freePort()
    const issuer = `http://${ANOTHER}:${port}`
    const env = { HTTP_PORT: String(port), BIND_ADDRESS: ANOTHER, ISSUER: issuer }
    await using instance = await startInstance({ env })
    const { ready } = instance
    expect(ready.grpc).toMatch(/^127\.0\.0\.2:/)
    expect(await openAt(ANOTHER, port, ready)).toEqual(['pages', 'grpc', 'grpcBearer'])
    const inside = EVERY_FACE.filter((face) => !['pages', 'grpc', 'grpcBearer'].includes(face))
    expect(await openAt('127.0.0.1', port, ready)).toEqual(inside)
    const cast = castAt(instance)
    const age = [{ name: 'age_over_20', essential: true }]
    const asked = await cast.liquor.requestRelease('age-check', age, cast.returnUris.liquor)
    expect(new URL(asked.interactionUrl).origin).toBe(issuer)
    closeCast(cast)
  })

  test('what is no address stops the start with 2 and one message', async () => {
    const started = startInstance({ env: { BIND_ADDRESS: 'localhost' } })
    await expect(started).rejects.toThrow(
      /^ended with 2 before it was ready:\nwatashi: `BIND_ADDRESS`: expected an IP address.*\n?$/,
    )
  })
})
