import { spawn, type ChildProcess } from 'node:child_process'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AssuranceChanged } from '../../proto/gen/watashi/policy/v1/policy.ts'
import { TOPICS } from '../kernel/event.ts'
import { ASSURANCE_CHANGED } from './events.ts'
import { readRegistration } from './read-registration.ts'
import { readRegistrationFolder } from './registration-folder-store.ts'
import { seedRegistry } from './seed-registry.ts'
import { ISSUER, openStand, type Stand } from './stand-grpc.ts'
import { freePort } from '../../test/support/free-port.ts'

const PROGRAM = fileURLToPath(new URL('../../deploy/sample-rp/main.ts', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../deploy/rp', import.meta.url))
const NAMES = ['library', 'liquor', 'bank'] as const
type Name = (typeof NAMES)[number]

let stand: Stand
const programs: ChildProcess[] = []
const ports = new Map<Name, number>()

beforeAll(async () => {
  stand = await openStand()
  for (const name of NAMES) ports.set(name, await freePort())
  const jwk = stand.keys.relyingParties['bank']?.publicJwk
  const files = readRegistrationFolder(FOLDER, {
    variables: Object.fromEntries(
      NAMES.map((name) => [`${name.toUpperCase()}_ORIGIN`, originOf(name)]),
    ),
    developmentKeys: jwk === undefined ? {} : { bank: { keys: [jwk] } },
  })
  await seedRegistry(stand.seed, files)
  for (const file of files) {
    const { rpId, sectorId } = readRegistration(file)
    stand.wallet.sectors.set(rpId, sectorId)
  }
  await Promise.all(NAMES.map(start))
}, 30_000)
afterAll(async () => {
  for (const program of programs) program.kill()
  await stand[Symbol.asyncDispose]()
})

function originOf(name: Name): string {
  return `http://${name}.localhost:${ports.get(name) ?? 0}`
}

function start(name: Name): Promise<void> {
  const { mtlsPort, bearerPort } = stand.servers
  const { certificateFile, keyFile } = stand.keys.relyingParties[name] ?? {}
  const config = {
    ...{ port: ports.get(name), origin: originOf(name), watashiOrigin: ISSUER, issuer: ISSUER },
    grpcAddress: `127.0.0.1:${name === 'bank' ? bearerPort : mtlsPort}`,
    ...{ authorityFile: stand.keys.authorityFile, certificateFile, keyFile },
  }
  const program = spawn(process.execPath, [PROGRAM, name], {
    env: { ...process.env, SAMPLE_RP_CONFIG: JSON.stringify(config) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  programs.push(program)
  return new Promise((resolve, reject) => {
    program.stdout?.once('data', () => resolve())
    program.once('exit', () => reject(new Error(`the sample ${name} ended at once`)))
  })
}

interface Reply {
  readonly status: number
  readonly location: string
  readonly cookie: string
  readonly body: string
}

/** One request of a browser; `*.localhost` is resolved here, since Node does not. */
function browse(name: Name, path: string, options: { method?: string; cookie?: string } = {}) {
  const { method = 'GET', cookie } = options
  const origin = originOf(name)
  return new Promise<Reply>((resolve, reject) => {
    const headers = {
      host: new URL(origin).host,
      ...(cookie !== undefined && { cookie }),
      ...(method === 'POST' && { origin, 'content-type': 'application/x-www-form-urlencoded' }),
      'accept-language': 'en',
    }
    const sent = request({ host: '127.0.0.1', port: ports.get(name), path, method, headers })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => {
        const [set = ''] = response.headers['set-cookie'] ?? []
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location ?? '',
          cookie: set.split(';')[0] ?? '',
          body,
        })
      })
    })
    sent.end()
  })
}

/** Presses the button at the sample site and answers its request as `subjectRef`; gives what the browser goes back with. */
async function answer(name: Name, subjectRef: string) {
  // The programs sign their assertions by the real time, which has gone on since the stand was opened.
  stand.clock.set(new Date())
  stand.policy.identity.set(subjectRef, 'IAL2')
  const pressed = await browse(name, '/start', { method: 'POST' })
  const requestId = new URL(pressed.location).pathname.split('/').at(-1) ?? ''
  const browser = stand.browser(stand.sessions.logIn(subjectRef))
  const { interactions } = stand.federation
  const view = await interactions.view(requestId, browser)
  expect(view.stage).toBe('persona')
  await interactions.choosePersona(requestId, browser, 'persona-gov')
  let back: string
  if (view.kind === 'authenticate') {
    back = await interactions.confirm(requestId, browser)
  } else {
    const { ceremonyId } = await interactions.consentOptions(requestId, browser, [])
    back = await interactions.consent(requestId, browser, ceremonyId, 'signed')
  }
  const { pathname, search } = new URL(back)
  return { cookie: pressed.cookie, path: pathname + search }
}

describe('a sample relying party', () => {
  test('the library lets a person in and learns nothing else', async () => {
    const { cookie, path } = await answer('library', 'reader')
    const back = await browse('library', path, { cookie })
    expect(back).toMatchObject({ status: 303, location: '/account' })
    const account = await browse('library', '/account', { cookie: back.cookie })
    expect(account.body).toContain('We received no attributes of yours')
    expect(account.body).toContain('The present level is enough for this site')
  })
  test('the liquor shop learns the answer alone', async () => {
    const { cookie, path } = await answer('liquor', 'customer')
    const back = await browse('liquor', path, { cookie })
    const account = await browse('liquor', '/account', { cookie: back.cookie })
    expect(account.body).toContain('20 or older')
    expect(account.body).toContain('Yes')
    expect(account.body).not.toContain('Date of birth')
    const why = await browse('liquor', '/why', { cookie: back.cookie })
    expect(why.body).toContain('the signature was verified')
    const asked = await browse('liquor', '/forget', { cookie: back.cookie })
    expect(asked.body).toContain('Delete what we received?')
    expect(await browse('liquor', '/account', { cookie: back.cookie })).toMatchObject({
      status: 200,
    })
    const given = await browse('liquor', '/forget', { method: 'POST', cookie: back.cookie })
    expect(given).toMatchObject({ status: 303, location: '/forgotten' })
    expect((await browse('liquor', '/forgotten')).body).toContain('has been deleted')
    expect(await browse('liquor', '/account', { cookie: back.cookie })).toMatchObject({
      status: 303,
      location: '/',
    })
  })
  test('an address that there is none of is answered with a page, in the language asked for', async () => {
    const missing = await browse('library', '/nowhere?lang=en')
    expect(missing).toMatchObject({ status: 404 })
    expect(missing.body).toContain('Page not found')
    expect(await browse('library', '/forget')).toMatchObject({ status: 303, location: '/' })
  })
  test('the bank receives the four attributes over signed assertions', async () => {
    const { cookie, path } = await answer('bank', 'client')
    const back = await browse('bank', path, { cookie })
    const { body } = await browse('bank', '/account', { cookie: back.cookie })
    for (const value of [
      'value of name',
      'value of address',
      'value of birthdate',
      'value of gender',
    ])
      expect(body).toContain(value)
  })
  test('brings its own Japanese font from its own origin', async () => {
    expect((await browse('bank', '/')).body).toContain('href="/fonts.css"')
    const faces = await browse('bank', '/fonts.css')
    const path = /url\((\/fonts\/[^)]+\.woff2)\)/.exec(faces.body)?.[1] ?? ''
    expect(await browse('bank', path)).toMatchObject({ status: 200 })
    const missing = path.replace(/[^/]+$/, 'package.json')
    expect(await browse('bank', missing)).toMatchObject({ status: 404 })
  })
  test('another browser with the code is let in nowhere', async () => {
    const { path } = await answer('library', 'reader-2')
    const victim = await browse('library', '/start', { method: 'POST' })
    expect(await browse('library', path, { cookie: victim.cookie })).toMatchObject({ status: 400 })
    expect(await browse('library', path)).toMatchObject({ status: 400 })
  })
  test('a wrong code is refused although the request is the browser’s own', async () => {
    const { cookie, path } = await answer('library', 'reader-3')
    const forged = path.replace(/code=[^&]+/, `code=${'A'.repeat(43)}`)
    expect(await browse('library', forged, { cookie })).toMatchObject({ status: 400 })
  })
  test('shows on the open page that the level fell, also after the connection broke', async () => {
    const { cookie, path } = await answer('liquor', 'falling')
    const back = await browse('liquor', path, { cookie })
    const at = stand.clock.now()
    stand.policy.identity.set('falling', 'no_ial')
    await stand.unitOfWork.run((tx) =>
      stand.federation.consumer.apply(tx, {
        ...{ id: 'e', key: 'k', keyVersion: 1, topic: TOPICS.subject, type: ASSURANCE_CHANGED },
        ...{ source: 'policy', environment: 'simulator', occurredAt: at, recordedAt: at },
        value: AssuranceChanged.encode({
          subjectRef: 'falling',
          ...{
            framework: 'nist-800-63A-4',
            axis: 'IAL',
            from: 'IAL2',
            to: 'no_ial',
            lowered: true,
          },
          ...{ missing: [], firedRules: [], policyDigest: '', factsDigest: '', causeEventId: '' },
          ...{ decidedAt: at, validUntil: undefined },
        }).finish(),
      }),
    )
    const account = () => browse('liquor', '/account', { cookie: back.cookie })
    await expect
      .poll(async () => (await account()).body, { timeout: 5000 })
      .toContain('The level fell')
    const { body } = await account()
    expect(body).toContain('The present level is not enough')
    expect(body).toContain('Identity not verified')
    expect(body).toContain('NIST SP 800-63A-4')
    expect(body).not.toContain('no_ial')
  })
  test('takes no form from another site', async () => {
    const origin = 'http://evil.localhost'
    const reply = await new Promise<number | undefined>((resolve) => {
      const headers = { host: new URL(originOf('bank')).host, origin }
      const sent = request({
        ...{ host: '127.0.0.1', port: ports.get('bank'), path: '/start', method: 'POST', headers },
      })
      sent.on('response', (response) => resolve(response.resume().statusCode)).end()
    })
    expect(reply).toBe(403)
  })
})
