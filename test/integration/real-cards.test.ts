import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JpkiCard } from '../../services/card/jpki-card.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import { Secret } from '../../services/kernel/secret.ts'
import { simulatedCards } from '../../services/simulator/card-reader.ts'
import { SAMPLE_PINS } from '../../services/simulator/people.ts'
import { openSimulator } from '../../services/simulator/simulator-core.ts'
import { ensureDevelopmentKeys } from '../../services/rpc/development-keys.ts'
import { startOperatorService, type OperatorService } from '../pki/crl-server.ts'
import { issueAuthority, issueCertificate, issueCrl, type CrlOptions } from '../pki/issue.ts'
import { freePort } from '../support/free-port.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { eventsOf } from '../support/left-behind.ts'
import { readEvent } from '../support/read-event.ts'
import { bringKeys, cardOf, enrolWith, type CardAnswer } from '../support/real-cards.ts'

const root = join(import.meta.dirname, '../..')
const shared = process.env['WATASHI_SHARED'] ?? join(root, '../shared')
const published = join(shared, 'data/jpki-ca')
const havePublished = existsSync(published)
if (!havePublished)
  console.warn(`SKIPPED: published roots are not at ${published} (WATASHI_SHARED)`)

let folder: string
let dataDir: string
let operator: OperatorService
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watashi-real-'))
  dataDir = join(folder, 'data')
  operator = await startOperatorService((_, response) => response.writeHead(404).end())
})
afterEach(async () => {
  await operator.close()
  await rm(folder, { recursive: true, force: true })
})

/** `watashi …`, as it is typed. */
function watashi(env: Readonly<Record<string, string>>, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['services/cli.ts', ...words], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, DATA_DIR: dataDir, ...env },
  })
  return { code: status, out: stdout, errors: stderr }
}

interface Told {
  readonly fields: Readonly<Record<string, string>>
  readonly message: Readonly<Record<string, unknown>>
}

/** Messages of one type that are in the log, oldest first. */
function told(type: string): readonly Told['message'][] {
  return eventsOf(dataDir)
    .map((record) => readEvent(record) as Told) // its own form
    .filter(({ fields }) => fields['ce_type'] === `watashi.identity.v1.${type}`)
    .map(({ message }) => message)
}

async function until<T>(look: () => readonly T[], count: number): Promise<readonly T[]> {
  for (const end = Date.now() + 30_000; ;) {
    const seen = look()
    if (seen.length >= count) return seen
    if (Date.now() > end) throw new Error(`saw ${seen.length} of ${count}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe.skipIf(!havePublished)('production', () => {
  const issuer = 'https://id.example'

  async function start(): Promise<{ instance: Instance; address: string }> {
    const rpDir = join(folder, 'rp')
    const keysDir = join(folder, 'keys')
    mkdirSync(rpDir)
    await bringKeys(keysDir)
    const port = String(await freePort())
    const env = {
      TRUST_ENVIRONMENT: 'production',
      ISSUER: issuer,
      RP_DIR: rpDir,
      KEYS_DIR: keysDir,
      CRL_URL: `${operator.url}/crl`,
      OCSP_URL: `${operator.url}/ocsp`,
      LINKAGE_URL: `${operator.url}/linkage`,
      HTTP_PORT: port,
      AGENT_PORT: '8090',
    }
    return { instance: await startInstance({ dataDir, env }), address: `http://127.0.0.1:${port}` }
  }

  function importPublished() {
    const files = readdirSync(published).map((name) => join(published, name))
    return watashi({ TRUST_ENVIRONMENT: 'production' }, 'anchors', 'import', ...files)
  }

  test('without anything says all that it needs, the command for anchors among it', () => {
    const { status, stderr } = spawnSync(process.execPath, ['services/main.ts'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, DATA_DIR: dataDir, TRUST_ENVIRONMENT: 'production' },
    })
    for (const needed of [
      'ISSUER',
      'CRL_URL',
      'CRL_DROP_DIR',
      'LINKAGE_URL',
      'RP_DIR',
      'KEYS_DIR',
    ]) {
      expect(stderr).toContain(`\`${needed}\``)
    }
    expect(stderr).toContain('`watashi anchors import FILE…`')
    expect(status).toBe(2)
    expect(existsSync(dataDir)).toBe(false)
  })

  test('starts with imported anchors, and believes no card of the simulator', async () => {
    expect(importPublished()).toMatchObject({ code: 0, errors: '' })
    const { instance, address } = await start()
    await using _ = instance
    expect(instance.ready).toMatchObject({ issuer, samples: {} })
    expect(instance.ready).not.toHaveProperty('desk')

    const card = await simulatorCard()
    expect(await enrolWith({ issuer, address, dataDir }, card)).toMatchObject({
      outcome: 'refused',
      reason: 'UNTRUSTED_ISSUER',
    })
    const [refusal] = await until(() => told('IdentityProofingRefused'), 1)
    expect(refusal).toMatchObject({
      trustEnvironment: 'TRUST_ENVIRONMENT_PRODUCTION',
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    })
    // Nobody is asked about a certificate that is not believed, so what a source says cannot make up for it.
    expect(operator.requests).toEqual([])
    expect(told('IdentityProofed')).toEqual([])
  })

  async function simulatorCard(): Promise<CardAnswer> {
    const simulated = join(folder, 'simulated')
    await openSimulator({
      environment: 'simulator',
      dataDir: simulated,
      clock: systemClock,
      random: systemRandom,
    })
    const cards = simulatedCards(simulated, systemRandom)
    const [choice] = await cards.list()
    const card = await JpkiCard.open(await cards.open(choice?.id ?? ''))
    return async (message) => {
      await card.verifyPin('signature', new Secret(SAMPLE_PINS.signature))
      const certificate = await card.readCertificate('signature')
      return { certificate, signature: await card.sign('signature', message) }
    }
  }
})

describe('test cards', () => {
  const HOUR = 3_600_000
  const from = (hours: number) => new Date(systemClock.now().getTime() + hours * HOUR)
  const validity = { notBefore: from(-24 * 365), notAfter: from(24 * 365) }
  const signature = issueAuthority('signature', { environment: 'jpki-test', ...validity })
  const authorities = [
    signature,
    issueAuthority('authentication', { environment: 'jpki-test', ...validity }),
  ]
  const serial = Uint8Array.of(0x51, 0x52, 0x53)
  const card = issueCertificate(signature, { serial, ...validity })

  function importRoots(): void {
    mkdirSync(dataDir)
    const files = authorities.map(({ kind, certificate }) => {
      const file = join(folder, `${kind}.cer`)
      writeFileSync(file, certificate)
      return file
    })
    const pins = authorities.flatMap(({ kind, anchor }) => ['--pin', `${kind}:${anchor.sha256}`])
    const imported = watashi(
      { TRUST_ENVIRONMENT: 'jpki-test' },
      ...['anchors', 'import', ...files, ...pins],
    )
    expect(imported).toMatchObject({ code: 0, errors: '' })
  }

  function serve(options: CrlOptions | 'down', service = operator): void {
    service.answer = (request, response) => {
      if (request.url?.startsWith('/linkage') === true) {
        const answer = { personId: 'a-person-at-this-tenant', predecessors: [] }
        return void response.end(JSON.stringify(answer))
      }
      if (options === 'down') return void response.writeHead(503).end()
      const times = { thisUpdate: from(-1), nextUpdate: from(20) }
      response.end(issueCrl(signature, { ...times, ...options }))
    }
  }

  async function start(env: Readonly<Record<string, string>> = {}) {
    const port = String(await freePort())
    const instance = await startInstance({
      dataDir,
      env: {
        TRUST_ENVIRONMENT: 'jpki-test',
        CRL_URL: `${operator.url}/crl`,
        LINKAGE_URL: `${operator.url}/linkage`,
        CRL_REFRESH_SECONDS: '0',
        HTTP_PORT: port,
        AGENT_PORT: '8090',
        ...env,
      },
    })
    return { instance, issuer: instance.ready.issuer, address: `http://127.0.0.1:${port}`, dataDir }
  }

  test('prove their holder; what a new list changes is told; number and list outlive a kill', async () => {
    importRoots()
    serve({ number: 7 })
    const first = await start()
    expect(await enrolWith(first, cardOf(card))).toMatchObject({ outcome: 'passed' })
    await until(() => told('IdentityProofed'), 1)

    const revoked = [{ serial, reason: 5, at: from(-1) }]
    serve({ number: 8, revoked })
    expect(await until(() => told('IdentityStatusChanged'), 1)).toMatchObject([
      {
        trustEnvironment: 'TRUST_ENVIRONMENT_JPKI_TEST',
        status: 'CERTIFICATE_STATUS_REVOKED',
        reason: 'cessationOfOperation',
      },
    ])
    await first.instance.kill()

    // A list from before the revocation is a replay, also for the next process.
    serve({ number: 7 })
    const second = await start()
    await using _ = second.instance
    expect(await enrolWith(second, cardOf(card))).toMatchObject({
      outcome: 'indeterminate',
      reason: 'REVOCATION_UNKNOWN',
    })
    expect(second.instance.output()).toContain('"reason":"OLDER_THAN_KNOWN","msg":"CRL_REFUSED"')
    serve({ number: 9, revoked })
    expect(await enrolWith(second, cardOf(card))).toMatchObject({
      outcome: 'refused',
      reason: 'CERTIFICATE_REVOKED',
    })
    expect(told('IdentityStatusChanged')).toHaveLength(1)
    await second.instance.stop()

    const month = systemClock.now().toISOString().slice(0, 7)
    const { code, out } = watashi({}, 'report', 'cost', '--month', month, '--json')
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(lines).toContainEqual({
      month,
      relying_party: '',
      use: 'enrol',
      certificate: 'signature',
      made: true,
      count: 3,
    })
    expect(lines.at(-1)).toMatchObject({ saved: 0 })
    expect(code).toBe(0)
  })

  test('are told to come back while the source is away, and lists that are put into a folder do as well', async () => {
    importRoots()
    serve('down')
    const drop = join(folder, 'drop')
    mkdirSync(drop)
    const asked = await start()
    expect(await enrolWith(asked, cardOf(card))).toMatchObject({
      outcome: 'indeterminate',
      reason: 'REVOCATION_UNKNOWN',
    })
    await asked.instance.stop()

    const times = { thisUpdate: from(-1), nextUpdate: from(20) }
    const put = (options: CrlOptions) =>
      writeFileSync(join(drop, 'kiyose.crl'), issueCrl(signature, { ...times, ...options }))
    put({ number: 7 })
    const second = await start({ CRL_URL: '', CRL_DROP_DIR: drop })
    await using _ = second.instance
    expect(await enrolWith(second, cardOf(card))).toMatchObject({ outcome: 'passed' })
    put({ number: 8, revoked: [{ serial, reason: 6, at: from(-1) }] })
    expect(await until(() => told('IdentityStatusChanged'), 1)).toMatchObject([
      { status: 'CERTIFICATE_STATUS_SUSPENDED', reason: 'certificateHold' },
    ])
  })

  test('are asked about under a client certificate and a token, which are told to nobody', async () => {
    importRoots()
    const token = 'canary-token-of-the-operator'
    const { tls, authorityFile, relyingParties } = await ensureDevelopmentKeys(
      join(folder, 'operator'),
      {
        environment: 'jpki-test',
        clock: systemClock,
        random: systemRandom,
        relyingParties: ['watashi'],
      },
    )
    const { watashi: client } = relyingParties
    if (client === undefined) throw new Error('a client')
    const strict = await startOperatorService((_, response) => response.end(), tls)
    serve({ number: 7 }, strict)
    const { answer } = strict
    strict.answer = (request, response) =>
      request.headers.authorization === `Bearer ${token}`
        ? answer(request, response)
        : void response.writeHead(401).end()
    writeFileSync(join(folder, 'token'), token)
    const shown = (source: string) => ({
      [`${source}_URL`]: `${strict.url}/${source.toLowerCase()}`,
      [`${source}_CLIENT_CERT_FILE`]: client.certificateFile,
      [`${source}_CLIENT_KEY_FILE`]: client.keyFile,
      [`${source}_CA_FILE`]: authorityFile,
      [`${source}_TOKEN_FILE`]: join(folder, 'token'),
    })
    const whole = { ...shown('CRL'), ...shown('LINKAGE'), LOG_LEVEL: 'debug' }

    const without = await start({ ...whole, CRL_TOKEN_FILE: '' })
    expect(await enrolWith(without, cardOf(card))).toMatchObject({
      outcome: 'indeterminate',
      reason: 'REVOCATION_UNKNOWN',
    })
    await without.instance.stop()
    const second = await start(whole)
    expect(await enrolWith(second, cardOf(card))).toMatchObject({ outcome: 'passed' })
    await second.instance.stop()
    await strict.close()

    expect(without.instance.output() + second.instance.output()).not.toContain(token)
    for (const name of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue
      expect(readFileSync(join(name.parentPath, name.name)).includes(token)).toBe(false)
    }
  })
})
