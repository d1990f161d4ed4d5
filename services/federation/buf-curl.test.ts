import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { openStand, type Stand } from './stand-grpc.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let stand: Stand
beforeAll(async () => {
  const descriptorSet = readFileSync(await buildImage())
  stand = await openStand({ descriptorSet })
}, 60_000)
afterAll(() => stand[Symbol.asyncDispose]())

async function buildImage(): Promise<string> {
  const image = `${ROOT}proto/gen/image.binpb`
  await run('build', '-o', image)
  return image
}

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, BUF_CACHE_DIR: `${ROOT}.cache/buf` }
    execFile(`${ROOT}node_modules/.bin/buf`, args, { cwd: ROOT, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

function curl(method: string, data: object, ...more: string[]) {
  const { certificateFile = '', keyFile = '' } = stand.keys.relyingParties['library'] ?? {}
  return run(
    'curl',
    ...['--protocol', 'grpc', '--timeout', '5s', '--cacert', stand.keys.authorityFile],
    ...['--cert', certificateFile, '--key', keyFile, '-d', JSON.stringify(data), ...more],
    `https://127.0.0.1:${stand.servers.mtlsPort}/${method}`,
  )
}

const SERVICE = 'watashi.assurance.v1.AssuranceService'
const UNKNOWN = { pairwiseSubject: 'A'.repeat(43) }

test('buf curl learns the contract by reflection and gets an answer', async () => {
  const { certificateFile = '', keyFile = '' } = stand.keys.relyingParties['library'] ?? {}
  const listed = await run(
    'curl',
    ...['--protocol', 'grpc', '--timeout', '5s', '--cacert', stand.keys.authorityFile],
    ...['--cert', certificateFile, '--key', keyFile, '--list-methods'],
    `https://127.0.0.1:${stand.servers.mtlsPort}`,
  )
  expect(listed.out.split('\n')).toEqual(
    expect.arrayContaining([
      `${SERVICE}/Check`,
      'watashi.assurance.v1.ReleaseService/RequestRelease',
    ]),
  )
  const answer = await curl(`${SERVICE}/Check`, UNKNOWN)
  expect(JSON.parse(answer.err)).toMatchObject({
    code: 'not_found',
    message: 'no such person here',
  })
})
test('buf curl with the schema at hand reads the details of an error', async () => {
  const minimum = { axes: [{ framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL9' }] }
  const answer = await curl(`${SERVICE}/Check`, { ...UNKNOWN, minimum }, '--schema', 'proto')
  expect(JSON.parse(answer.err)).toMatchObject({
    code: 'invalid_argument',
    details: [{ type: 'google.rpc.ErrorInfo' }, { type: 'google.rpc.BadRequest' }],
  })
})
test('buf curl asks for the health of a service', async () => {
  const answer = await curl(
    'grpc.health.v1.Health/Check',
    { service: SERVICE },
    ...['--schema', 'node_modules/grpc-health-check/proto'],
  )
  expect(JSON.parse(answer.out)).toEqual({ status: 'SERVING' })
})
test('buf curl starts a login and reads where the browser goes', async () => {
  const data = { returnUri: 'http://library.localhost:8101/return', uiLocale: 'en' }
  const { out } = await curl(`${SERVICE}/Authenticate`, data, '--timeout', '2s')
  expect(out).toContain('http://localhost:8080/authorize/')
})
