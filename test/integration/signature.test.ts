import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Metadata, type ServiceError as GrpcError } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  RequestSignatureRequest,
  SignatureRefusalReason,
  SignatureServiceClient,
  type AwaitSignatureResponse,
  type RequestSignatureResponse,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import { BY_NAME, channelCredentials } from '../../services/cli/demo/relying-party-grpc.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { atDesk, certificateOn, someone } from '../support/players.ts'

const PIN = 'ABC123'
const CONTRACT = Buffer.from('第1条　見本の契約です。\n')

let instance: Instance
let folder: string
let bank: SignatureServiceClient
let hanako: Person

beforeAll(async () => {
  instance = await startInstance()
  folder = await mkdtemp(join(tmpdir(), 'watashi-signature-'))
  const { ready, dataDir } = instance
  const address = ready.grpcBearer
  const keysDir = `${dataDir}/keys`
  const caller = {
    rpId: 'bank',
    method: 'assertion',
    address,
    keysDir,
    issuer: ready.issuer,
  } as const
  bank = new SignatureServiceClient(address, channelCredentials(caller), BY_NAME)
  hanako = someone(instance)
  await hanako.enrol('hanako-card', PIN)
  await hanako.logIn()
  await hanako.untilProofed()
}, 120_000)
afterAll(async () => {
  bank.close()
  await rm(folder, { recursive: true, force: true })
  await instance[Symbol.asyncDispose]()
})

const within = (milliseconds: number) => ({ deadline: Date.now() + milliseconds })

function unary<T>(
  start: (done: (error: GrpcError | null, answer: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, answer) => (error === null ? resolve(answer) : reject(error)))
  })
}

function ask(): Promise<RequestSignatureResponse> {
  const request = RequestSignatureRequest.fromPartial({
    digest: createHash('sha256').update(CONTRACT).digest(),
    title: '口座の契約書',
    mediaType: 'text/plain',
    content: CONTRACT,
    returnUri: `${instance.ready.samples?.['bank'] ?? ''}/return`,
  })
  return unary((done) => bank.requestSignature(request, new Metadata(), within(5000), done))
}

function outcome(requestId: string): Promise<AwaitSignatureResponse['status']> {
  const stream = bank.awaitSignature({ requestId }, new Metadata(), within(60_000))
  return new Promise((resolve, reject) => {
    stream.on('data', ({ status }: AwaitSignatureResponse) => {
      if (status !== undefined && status.$case !== 'pending') resolve(status)
    })
    stream.on('error', reject)
  })
}

/** The person reads what is asked, and taps the card. */
async function sign(person: Person, interactionUrl: string, cardId: string): Promise<void> {
  const id = new URL(interactionUrl).pathname.split('/').at(-1) ?? ''
  const path = `/api/federation/interactions/${id}`
  let view = await person.view(interactionUrl)
  if (view.stage === 'persona') {
    const persona = view.personas.find(({ kind }) => kind === 'gov')
    view = await person.browser.post(`${path}/persona`, { personaId: persona?.personaId })
  }
  expect(view).toMatchObject({ stage: 'sign', document: { title: '口座の契約書' } })
  const { agentUrl } = await person.browser.post<{ agentUrl: string }>(`${path}/sign`)
  await person.tap(new URL(agentUrl).searchParams.get('ticket') ?? '', cardId, PIN)
  await person.view(interactionUrl)
}

describe('a document that a bank has signed by a card', () => {
  test('verifies with another program, and is gone when the bank says that it has it', async () => {
    const { requestId, interactionUrl } = await ask()
    await sign(hanako, interactionUrl, 'hanako-card')
    const told = await outcome(requestId)
    if (told?.$case !== 'signed') throw new Error(JSON.stringify(told))
    const { cms, certificate, report } = told.signed
    expect(report).toMatchObject({ indication: 'PASSED', subIndication: '' })
    expect(report?.checks.map(({ id }) => id)).toContain('revocation-status')

    await writeFile(join(folder, 'contract.p7s'), cms)
    await writeFile(join(folder, 'contract.txt'), CONTRACT)
    await writeFile(join(folder, 'signer.pem'), new X509Certificate(certificate).toString())
    const openssl = (content: string) =>
      promisify(execFile)(
        'openssl',
        // The trust path was checked above; this is about message, digest and signature.
        [
          'cms',
          '-verify',
          '-binary',
          '-inform',
          'DER',
          '-in',
          'contract.p7s',
          '-content',
          content,
        ].concat(['-certfile', 'signer.pem', '-noverify', '-out', 'verified']),
        { cwd: folder },
      )
    await openssl('contract.txt')
    await writeFile(join(folder, 'other.txt'), 'Another contract.\n')
    await expect(openssl('other.txt')).rejects.toThrow()

    await unary((done) =>
      bank.acknowledgeSignature({ requestId }, new Metadata(), within(5000), done),
    )
    expect(await outcome(requestId)).toMatchObject({ $case: 'refused' })
    await expect
      .poll(async () => (await hanako.ledger()).entries[0], { timeout: 15_000 })
      .toMatchObject({ status: 'signed', rp: { rpId: 'bank' } })
    const digest = createHash('sha256').update(CONTRACT).digest('hex')
    for (const secret of ['口座の契約書', '見本の契約', digest]) {
      expect(instance.output()).not.toContain(secret)
    }
  })

  test('is refused when the card is another person’s or no longer good, each by its name', async () => {
    const first = await ask()
    await atDesk(instance, 'people/misaki/issue-phone', { pin: PIN })
    const other = someone(instance)
    await other.enrol('misaki-phone', PIN)
    await sign(hanako, first.interactionUrl, 'misaki-phone')
    const { SIGNATURE_REFUSAL_REASON_OTHER_PERSON: OTHER } = SignatureRefusalReason
    expect(await outcome(first.requestId)).toMatchObject({ refused: { reason: OTHER } })

    const second = await ask()
    const certificate = await certificateOn(instance, 'hanako-card')
    await atDesk(instance, `certificates/${certificate}/revoke`, { reason: 'keyCompromise' })
    await sign(hanako, second.interactionUrl, 'hanako-card')
    const { SIGNATURE_REFUSAL_REASON_CERTIFICATE_INVALID: INVALID } = SignatureRefusalReason
    expect(await outcome(second.requestId)).toMatchObject({ refused: { reason: INVALID } })
  })
})
