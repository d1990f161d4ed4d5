import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTrustAnchor, type TrustAnchor } from '../jpki/trust-anchor.ts'
import { DelegateCache } from '../jpki/ocsp.ts'
import { serialText } from '../jpki/revocation-target.ts'
import { parseCertificate } from '../jpki/certificate.ts'
import { verifyCertificate, type VerifiedCertificate } from '../jpki/verify-application.ts'
import { fromBase64, toHex } from '../kernel/bytes.ts'
import { systemClock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { createLog } from '../kernel/log.ts'
import { Secret } from '../kernel/secret.ts'
import { systemRandom } from '../kernel/random.ts'
import { SIMULATOR_PROFILE } from '../simulator/profile.ts'
import { startSimulator, type Simulator } from '../simulator/simulator.ts'
import { createAskRevocation } from './ask-revocation.ts'
import { linkageOverHttp } from './linkage-http.ts'
import { CrlArchive } from './crl-archive-store.ts'
import { CrlLists } from './crl-lists.ts'
import { createCrlDesk } from './crl-thread-pool.ts'
import { crlOverHttp, ocspOverHttp } from './revocation-http.ts'

const log = createLog('silent')
const FRESHNESS = { maximumAge: 36 * 3_600_000, clockSkew: 60_000 }

describe('the simulated issuer', () => {
  let folder = ''
  let simulator: Simulator
  let anchors: readonly TrustAnchor[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watashi-issuer-'))
    simulator = await startSimulator({
      environment: 'simulator',
      dataDir: folder,
      port: 0,
      clock: systemClock,
      random: systemRandom,
      log,
    })
    anchors = simulator.anchors.map(({ kind, certificate }) =>
      openTrustAnchor(certificate, {
        sha256: toHex(sha256(certificate)),
        environment: 'simulator',
        kind,
      }),
    )
  }, 60_000)
  afterAll(async () => {
    await simulator.close()
    await rm(folder, { recursive: true, force: true })
  })

  function issued(personId: string, kind: 'signature' | 'authentication') {
    const found = simulator.office.certificates.findLast(
      (one) => one.personId === personId && one.family === kind && !one.tokenId.endsWith('-phone'),
    )
    if (found === undefined) throw new Error('no such certificate')
    return { id: found.id, tokenId: found.tokenId, der: fromBase64(found.certificate) }
  }

  function verified(personId: string, kind: 'signature' | 'authentication'): VerifiedCertificate {
    const { der } = issued(personId, kind)
    const at = systemClock.now()
    const result = verifyCertificate(der, { anchors, environment: 'simulator', kind, at })
    if (result.verified === null) throw new Error(JSON.stringify(result.verdict))
    return result.verified
  }

  async function statusOf({ certificate, issuer }: VerifiedCertificate) {
    // Nothing is in hand: a list that was believed before would refuse the number of an older one.
    const archive = new CrlArchive({
      folder: await mkdtemp(join(folder, 'lists-')),
      anchors,
      sealing: new Secret(new Uint8Array(32)),
      random: systemRandom,
    })
    const lists = await CrlLists.open({
      source: crlOverHttp(`${simulator.url}/crl`),
      archive,
      desk: createCrlDesk(),
      freshness: FRESHNESS,
      refreshEvery: 0,
      clock: systemClock,
      log,
    })
    const ocsp = ocspOverHttp((uri) =>
      uri === SIMULATOR_PROFILE.ocspUri ? `${simulator.url}/ocsp/authentication` : undefined,
    )
    const policy = { crl: FRESHNESS, ocsp: FRESHNESS, recheckEvery: 0 }
    const revocation = { lists, ocsp, policy }
    const delegates = new DelegateCache()
    const ask = createAskRevocation({ revocation, delegates, random: systemRandom, log })
    const answer = await ask({
      target: certificate,
      issuer,
      at: systemClock.now(),
      lowestNumber: async () => undefined,
    })
    return answer.status
  }

  test.each(['signature', 'authentication'] as const)(
    'issues a %s certificate in the profile, and says that it is good',
    async (kind) => {
      const certificate = verified('hanako', kind)
      expect(certificate.attributes === null).toBe(kind === 'authentication')
      expect(await statusOf(certificate)).toMatchObject({ status: 'good' })
    },
  )

  test('tells a suspension and a revocation by CRL and by OCSP', async () => {
    for (const kind of ['signature', 'authentication'] as const) {
      const certificate = verified('ichiro', kind)
      simulator.office.revoke(issued('ichiro', kind).id, 'cessationOfOperation')
      expect(await statusOf(certificate)).toMatchObject({
        status: 'revoked',
        reason: 'cessationOfOperation',
      })
    }
  })

  test.each([
    [{ crl: 'down' }, 'UNREACHABLE'],
    [{ crl: 'stale' }, 'STALE'],
    [{ crl: 'expired' }, 'STALE'],
    [{ crl: 'wrong-partition' }, 'WRONG_SCOPE'],
    [{ crl: 'wrong-key' }, 'BAD_SIGNATURE'],
  ])('is not believed with its switch at %j', async (switches, cause) => {
    simulator.switches.set(switches)
    try {
      const status = await statusOf(verified('hanako', 'signature'))
      expect(status).toMatchObject({ status: 'unknown', cause })
    } finally {
      simulator.switches.set({ crl: 'normal' })
    }
  })

  test.each(['stale', 'expired', 'wrong-key', 'try-later', 'down'])(
    'is not believed with its responder at %s',
    async (ocsp) => {
      simulator.switches.set({ ocsp, crl: 'down' })
      try {
        expect(await statusOf(verified('hanako', 'authentication'))).toMatchObject({
          status: 'unknown',
        })
      } finally {
        simulator.switches.set({ ocsp: 'normal', crl: 'normal' })
      }
    },
  )

  test('is believed when its responder is a delegate', async () => {
    simulator.switches.set({ ocspSigner: 'delegated', crl: 'down' })
    try {
      expect(await statusOf(verified('hanako', 'authentication'))).toMatchObject({
        status: 'good',
        source: 'ocsp',
      })
    } finally {
      simulator.switches.set({ ocspSigner: 'authority', crl: 'normal' })
    }
  })

  test('links the two certificates of a card, and a moved person to the one before', async () => {
    const linkage = linkageOverHttp(`${simulator.url}/api/linkage/resolve`, 'watashi')
    const ask = (personId: string, kind: 'signature' | 'authentication') => {
      const { serial } = parseCertificate(issued(personId, kind).der)
      return linkage.resolve({ kind, serial: serialText(serial) })
    }
    const [signature, authentication, moved] = await Promise.all([
      ask('hanako', 'signature'),
      ask('hanako', 'authentication'),
      ask('misaki', 'signature'),
    ])
    if (signature.outcome !== 'linked' || authentication.outcome !== 'linked') throw new Error()
    expect(signature.personId).toBe(authentication.personId)
    if (moved.outcome !== 'linked') throw new Error()
    expect(moved.related.some(({ kind }) => kind === 'signature')).toBe(true)
    await simulator.office.addPerson({
      id: 'newcomer',
      title: { ja: '新しい人', en: 'Newcomer' },
      attributes: { name: '山　海', address: '東京都清瀬市１', birthDate: '1990-01-01', sex: '2' },
      municipalityCode: simulator.municipalities[0]?.code ?? '',
    })
    simulator.switches.set({ linkageDelayMinutes: 90 })
    expect(await ask('newcomer', 'signature')).toMatchObject({ outcome: 'not-ready' })
    simulator.switches.set({ linkage: 'down' })
    expect(await ask('hanako', 'signature')).toMatchObject({ outcome: 'unavailable' })
    expect(await linkage.resolve({ kind: 'signature', serial: 'abc' })).toMatchObject({
      outcome: 'unavailable',
    })
  })
})

describe('a source that misbehaves', () => {
  test('without an address is unavailable', async () => {
    const nowhere = ocspOverHttp(() => undefined)
    await expect(nowhere.fetchOcsp('any', new Uint8Array())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })

  test.each([
    ['that refuses', (response: ServerResponse) => response.writeHead(500).end('no')],
    [
      'that redirects',
      (response: ServerResponse) =>
        response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    ],
    ['that says too much', (response: ServerResponse) => response.end(Buffer.alloc(20_000))],
    ['that hangs up', (response: ServerResponse) => response.destroy()],
  ])('%s is unavailable', async (_, answer) => {
    const server = createServer((_request, response) => void answer(response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const source = ocspOverHttp(() => `http://127.0.0.1:${port}`)
    await expect(source.fetchOcsp('any', new Uint8Array([1]))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    server.closeAllConnections()
    server.close()
  })
})
