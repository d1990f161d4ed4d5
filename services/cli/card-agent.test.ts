import { mkdtempSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fakePcsc } from '../../test/support/fake-pcsc.ts'
import { openCardReaders } from '../card/pcsc-transport.ts'
import { createLog } from '../kernel/log.ts'
import { runCardAgent } from './card-agent.ts'

const config = () => ({
  environment: 'simulator' as const,
  issuer: 'http://localhost:8080',
  port: 0,
  dataDir: mkdtempSync(join(tmpdir(), 'watashi-agent-')),
  log: createLog('silent'),
})

/** Node does not resolve `*.localhost`, so the name goes into the Host header. */
function statusFor(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/', headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('answers to its own name on this machine alone, until it is closed', async () => {
  const agent = await runCardAgent(config())
  expect(agent.origin).toBe(`http://card.localhost:${agent.port}`)
  expect(await statusFor(agent.port, `card.localhost:${agent.port}`)).toBe(200)
  expect(await statusFor(agent.port, `127.0.0.1:${agent.port}`)).toBe(403)
  await agent.close()
  await expect(statusFor(agent.port, `card.localhost:${agent.port}`)).rejects.toThrow()
})

test.each(['jpki-test', 'production'] as const)(
  'does not start in %s on a machine that cannot use card readers',
  async (environment) => {
    const openReaders = () => openCardReaders(() => Promise.reject(new Error('not installed')))
    const running = runCardAgent({ ...config(), environment, openReaders })
    await expect(running).rejects.toMatchObject({ code: 'NO_READER_LIBRARY' })
  },
)

test('starts outside the simulator environment with readers, though no card is there yet', async () => {
  const openReaders = () => openCardReaders(async () => fakePcsc().library)
  const agent = await runCardAgent({ ...config(), environment: 'jpki-test', openReaders })
  expect(await statusFor(agent.port, `card.localhost:${agent.port}`)).toBe(200)
  await agent.close()
})
