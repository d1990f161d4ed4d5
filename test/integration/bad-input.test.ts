import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Client,
  credentials,
  Metadata,
  status,
  type CallOptions,
  type ServiceError as GrpcError,
} from '@grpc/grpc-js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AuthenticateRequest,
  CheckRequest,
  ExplainRequest,
  WatchRequest,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  AwaitReleaseRequest,
  RedeemTicketRequest,
  RequestReleaseRequest,
  RevokeReleaseRequest,
} from '../../proto/gen/watashi/assurance/v1/release.ts'
import { CardError } from '../../services/card/card-error.ts'
import { JpkiCard } from '../../services/card/jpki-card.ts'
import { Person } from '../../services/cli/demo/person.ts'
import { policyScore } from '../../services/cli/policy-score.ts'
import { policyTest } from '../../services/cli/policy-test.ts'
import { processIo, type PolicyIo } from '../../services/cli/policy-io.ts'
import { parseCertificate } from '../../services/jpki/certificate.ts'
import { parseCrl } from '../../services/jpki/crl.ts'
import { parseOcspResponse } from '../../services/jpki/ocsp-response.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { ServiceError } from '../../services/kernel/errors.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import { SimulatedCard } from '../../services/simulator/card.ts'
import { cardRack } from '../../services/simulator/card-file.ts'
import { SAMPLE_PEOPLE, SAMPLE_PINS } from '../../services/simulator/people.ts'
import { send } from '../support/agent-form.ts'
import { startInstance, type Instance } from '../support/instance.ts'

const ROOT = join(import.meta.dirname, '../..')
const CARD = `${SAMPLE_PEOPLE.happyPath}-card`
const JSON_BODY = { 'content-type': 'application/json' }

// One process takes all of it, and at the end is asked to do its work.
let instance: Instance
beforeAll(async () => {
  instance = await startInstance()
})
afterAll(() => instance[Symbol.asyncDispose]())

interface Answer {
  readonly status: number
  readonly text: string
}

describe('HTTP', () => {
  interface Bad {
    readonly method?: string
    readonly path: string
    readonly headers?: Record<string, string>
    readonly body?: string
    /** What is sent as `Origin`; our own when absent, none when null. */
    readonly origin?: string | null
    readonly expect: readonly [status: number, code: string, expected: RegExp]
  }
  const session = '/api/proofing/agent/session'
  const login = '/api/authenticator/login'
  const cases: readonly (Bad & { readonly name: string })[] = [
    {
      name: 'half a JSON text',
      path: login,
      body: '{"a":',
      expect: [400, 'INVALID_INPUT', /expected a JSON body/],
    },
    {
      name: 'no JSON at all',
      path: login,
      body: 'pin=1234',
      expect: [400, 'INVALID_INPUT', /expected a JSON body/],
    },
    {
      name: 'an empty body',
      path: session,
      body: '',
      expect: [400, 'INVALID_INPUT', /expected a JSON body/],
    },
    {
      name: 'a member of the wrong type',
      path: session,
      body: '{"ticket":7}',
      expect: [400, 'INVALID_INPUT', /\/ticket: must be string/],
    },
    {
      name: 'a list instead of a record',
      path: session,
      body: '[]',
      expect: [400, 'INVALID_INPUT', /must be object/],
    },
    {
      name: 'a missing member',
      path: session,
      body: '{}',
      expect: [400, 'INVALID_INPUT', /required property 'ticket'/],
    },
    {
      name: 'a member too many',
      path: session,
      body: JSON.stringify({ ticket: 'x'.repeat(43), more: 1 }),
      expect: [400, 'INVALID_INPUT', /must NOT have additional properties/],
    },
    {
      name: 'a prototype for a member',
      path: session,
      body: '{"__proto__":{"ticket":"x"}}',
      expect: [400, 'INVALID_INPUT', /expected a JSON body/],
    },
    {
      name: 'a ticket that never was',
      path: session,
      body: JSON.stringify({ ticket: 'x'.repeat(43) }),
      expect: [404, 'NOT_FOUND', /no such/],
    },
    {
      name: 'a body over 64 KiB',
      path: session,
      body: JSON.stringify({ ticket: 'x'.repeat(70_000) }),
      expect: [413, 'INVALID_INPUT', /at most 64 KiB/],
    },
    {
      name: 'another type of content',
      path: session,
      body: '<ticket/>',
      headers: { 'content-type': 'text/xml' },
      expect: [415, 'INVALID_INPUT', /expected a JSON body/],
    },
    {
      name: 'evidence that is not base64',
      path: '/api/proofing/agent/evidence',
      body: JSON.stringify({
        ticket: 'x'.repeat(43),
        certificate: '!!!!',
        signature: 'AAAA',
        tokenType: 'card',
      }),
      expect: [400, 'INVALID_INPUT', /\/certificate: must match pattern/],
    },
    {
      name: 'an unknown address',
      method: 'GET',
      path: '/api/nothing',
      expect: [404, 'NOT_FOUND', /no such page/],
    },
    {
      name: 'an unknown method',
      method: 'DELETE',
      path: login,
      expect: [404, 'NOT_FOUND', /no such page/],
    },
    {
      name: 'an escape that is none',
      method: 'GET',
      path: '/api/federation/interactions/%E0%A4%A',
      expect: [400, 'INVALID_INPUT', /expected/],
    },
    {
      name: 'an endless parameter',
      method: 'GET',
      path: `/api/federation/interactions/${'x'.repeat(3000)}`,
      // Longer than any parameter may be, so it is the address of nothing.
      expect: [404, 'NOT_FOUND', /no such page/],
    },
    {
      name: 'a form from a foreign page',
      path: login,
      body: '{}',
      origin: 'https://evil.example',
      expect: [403, 'CROSS_SITE_REQUEST', /expected a request from our own pages/],
    },
    {
      name: 'a form from nowhere',
      path: login,
      body: '{}',
      origin: 'null',
      expect: [403, 'CROSS_SITE_REQUEST', /expected a request from our own pages/],
    },
    {
      name: 'a cookie without an origin',
      path: login,
      body: '{}',
      origin: null,
      headers: { ...JSON_BODY, cookie: 'watashi_session=x' },
      expect: [403, 'CROSS_SITE_REQUEST', /expected a request from our own pages/],
    },
    {
      name: 'no cookie',
      method: 'GET',
      path: '/api/wallet/ledger',
      expect: [401, 'UNAUTHENTICATED', /expected a person who is logged in/],
    },
    ...[
      'watashi_session=',
      'watashi_session=%%%',
      `watashi_session=${'A'.repeat(43)}`,
      '=;;=,',
    ].map((cookie) => ({
      name: `the cookie ${cookie}`,
      method: 'GET',
      path: '/api/wallet/overview',
      headers: { cookie },
      expect: [401, 'UNAUTHENTICATED', /expected a person who is logged in/] as const,
    })),
  ]

  test.each(cases)(
    'refuses $name',
    async ({ method = 'POST', path, origin, expect: wanted, ...rest }) => {
      const from = origin === undefined ? instance.ready.issuer : origin
      const answer = await raw(instance.ready.issuer, method, path, {
        headers: {
          ...(from !== null && { origin: from }),
          ...(rest.headers ?? (rest.body !== undefined ? JSON_BODY : {})),
        },
        body: rest.body,
      })
      const { error } = JSON.parse(answer.text) as { error: { code: string; message: string } }
      const [httpStatus, code, expected] = wanted
      expect([answer.status, error.code]).toEqual([httpStatus, code])
      expect(error.message).toMatch(expected)
    },
  )

  test.each([
    '/../../../../../etc/passwd',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/../../../package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets/%00/../package.json',
    '//etc/passwd',
  ])('gives no file outside the pages for %s', async (path) => {
    const answer = await raw(instance.ready.issuer, 'GET', path, {})
    expect(answer.text).not.toMatch(/"name": "watashi"|root:/)
    expect(answer.status).toBeLessThan(500)
  })

  test.each([
    ['a ticket that is none', 'GET', '/?ticket=..', 'TICKET_INVALID'],
    ['a ticket that never was', 'GET', `/?ticket=${'x'.repeat(43)}`, 'TICKET_INVALID'],
    ['a form without its token', 'POST', '/tap', 'TICKET_INVALID'],
    ['an unknown page', 'GET', '/nothing', 'NOT_FOUND'],
  ])('the card agent answers %s with a page that says so', async (_, method, path, code) => {
    const form = method === 'POST' ? new URLSearchParams({ card: 'x' }) : undefined
    const page = await send(instance.ready.agent ?? '', method, path, form)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.status).toBeLessThan(500)
    expect(page.text).toContain(code)
  })

  test('the card agent answers to no other name (DNS rebinding)', async () => {
    const { port } = new URL(instance.ready.agent ?? '')
    const page = await raw(`http://127.0.0.1:${port}`, 'GET', '/', {})
    expect(page.status).toBe(403)
  })

  test('the operator face knows its three pages', async () => {
    expect((await fetch(`${instance.ready.operator}/secrets`)).status).toBe(404)
  })
})

describe('gRPC', () => {
  let client: Client
  beforeAll(() => {
    client = clientOf(true)
  })
  afterAll(() => client.close())

  function clientOf(withCertificate: boolean, address = instance.ready.grpc): Client {
    const file = (name: string): Buffer => readFileSync(join(instance.dataDir, 'keys', name))
    const channel = withCertificate
      ? credentials.createSsl(file('tls/ca.pem'), file('rp/liquor.key.pem'), file('rp/liquor.pem'))
      : credentials.createSsl(file('tls/ca.pem'))
    return new Client(address, channel, {
      'grpc.ssl_target_name_override': 'watashi.localhost',
      'grpc.default_authority': 'watashi.localhost',
      'grpc.max_send_message_length': -1,
    })
  }

  /** How a call with these bytes ends; both kinds of method are read to their end. */
  function outcome(
    method: string,
    bytes: Uint8Array,
    options: CallOptions = { deadline: Date.now() + 5000 },
    { by = client, metadata = new Metadata() } = {},
  ): Promise<{ code: status; details: string }> {
    return new Promise((resolve) => {
      const same = (value: Buffer): Buffer => value
      const stream = by.makeServerStreamRequest(
        `/watashi.assurance.v1.${method}`,
        same,
        same,
        Buffer.from(bytes),
        metadata,
        options,
      )
      stream.on('data', () => undefined)
      stream.on('error', () => undefined)
      stream.on('status', ({ code, details }: GrpcError) => resolve({ code, details }))
    })
  }

  const returnUri = (): string => `${instance.ready.samples?.['liquor'] ?? ''}/return`
  const subject = 'x'.repeat(43)
  const axes = (framework: string, axis: string, level: string) => ({
    minimum: {
      axes: [{ framework, axis, level }],
      flags: [],
      maxAgeSeconds: 0,
      profile: '',
      vectors: [],
    },
  })
  const authenticate = (parts: Partial<AuthenticateRequest>): Uint8Array =>
    AuthenticateRequest.encode({
      minimum: undefined,
      returnUri: returnUri(),
      uiLocale: '',
      ...parts,
    }).finish()
  const requestRelease = (parts: Partial<RequestReleaseRequest>): Uint8Array =>
    RequestReleaseRequest.encode({
      purposeId: 'age-check',
      claims: [{ name: 'age_over_20', essential: true }],
      minimum: undefined,
      returnUri: returnUri(),
      uiLocale: '',
      ...parts,
    }).finish()
  const flags = (...numbers: number[]) => ({
    // Numbers that the type has no name for.
    minimum: { axes: [], flags: numbers as never[], maxAgeSeconds: 0, profile: '', vectors: [] },
  })

  test.each<[string, string, () => Uint8Array, status, RegExp]>([
    [
      'an unknown framework',
      'AssuranceService/Authenticate',
      () => authenticate(axes('nist-1999', 'IAL', 'IAL2')),
      status.INVALID_ARGUMENT,
      /axis: expected one of .*nist-800-63A-4 IAL/,
    ],
    [
      'an unknown axis',
      'AssuranceService/Authenticate',
      () => authenticate(axes('nist-800-63A-4', 'XAL', 'IAL2')),
      status.INVALID_ARGUMENT,
      /axis: expected one of .*nist-800-63A-4 IAL/,
    ],
    [
      'an unknown level',
      'AssuranceService/Authenticate',
      () => authenticate(axes('nist-800-63A-4', 'IAL', 'IAL9')),
      status.INVALID_ARGUMENT,
      /level: expected one of .*IAL1, IAL2/,
    ],
    [
      'an unknown flag',
      'AssuranceService/Authenticate',
      () => authenticate(flags(99)),
      status.INVALID_ARGUMENT,
      /minimum\.flags\[0\]: expected one of phishing_resistant, device_bound/,
    ],
    [
      'a flag that was not set',
      'AssuranceService/Authenticate',
      () => authenticate(flags(0)),
      status.INVALID_ARGUMENT,
      /minimum\.flags\[0\]: expected one of/,
    ],
    [
      'too many axes',
      'AssuranceService/Authenticate',
      () =>
        authenticate({
          minimum: {
            axes: Array.from({ length: 21 }, () => ({
              framework: 'nist-800-63A-4',
              axis: 'IAL',
              level: 'IAL2',
            })),
            flags: [],
            maxAgeSeconds: 0,
            profile: '',
            vectors: [],
          },
        }),
      status.INVALID_ARGUMENT,
      /minimum\.axes: expected at most 20/,
    ],
    [
      'a return address that is not registered',
      'AssuranceService/Authenticate',
      () => authenticate({ returnUri: 'https://evil.example/return' }),
      status.INVALID_ARGUMENT,
      /return_uri: expected/,
    ],
    [
      'a longer return address',
      'ReleaseService/RequestRelease',
      () => requestRelease({ returnUri: `${returnUri()}/../x` }),
      status.INVALID_ARGUMENT,
      /return_uri: expected/,
    ],
    [
      'an unknown purpose',
      'ReleaseService/RequestRelease',
      () => requestRelease({ purposeId: 'marketing' }),
      status.INVALID_ARGUMENT,
      /purpose_id: expected one of .*age-check/,
    ],
    [
      'no claim',
      'ReleaseService/RequestRelease',
      () => requestRelease({ claims: [] }),
      status.INVALID_ARGUMENT,
      /claims.*: expected/,
    ],
    [
      'the individual number',
      'ReleaseService/RequestRelease',
      () => requestRelease({ claims: [{ name: 'individual_number', essential: true }] }),
      status.INVALID_ARGUMENT,
      /claims.*: expected/,
    ],
    [
      'nothing at all',
      'ReleaseService/RequestRelease',
      () => new Uint8Array(),
      status.INVALID_ARGUMENT,
      /purpose_id: expected/,
    ],
    [
      'an empty question',
      'AssuranceService/Check',
      () => new Uint8Array(),
      status.INVALID_ARGUMENT,
      /pairwise_subject: expected a pairwise subject/,
    ],
    [
      'a person who is not known here',
      'AssuranceService/Check',
      () => CheckRequest.encode(CheckRequest.fromPartial({ pairwiseSubject: subject })).finish(),
      status.NOT_FOUND,
      /no such/,
    ],
    [
      'a position that is none',
      'AssuranceService/Check',
      () =>
        CheckRequest.encode(
          CheckRequest.fromPartial({ pairwiseSubject: subject, atLeastPosition: 'yesterday' }),
        ).finish(),
      status.INVALID_ARGUMENT,
      /position: expected/,
    ],
    [
      'another language',
      'AssuranceService/Explain',
      () =>
        ExplainRequest.encode(
          ExplainRequest.fromPartial({ pairwiseSubject: subject, locale: 'fr' }),
        ).finish(),
      status.INVALID_ARGUMENT,
      /locale: expected `ja` or `en`/,
    ],
    [
      'a place in the feed that never was',
      'AssuranceService/Watch',
      () => WatchRequest.encode(WatchRequest.fromPartial({ fromPosition: 'begin' })).finish(),
      status.INVALID_ARGUMENT,
      /position: expected/,
    ],
    [
      'a pseudonym of another form',
      'AssuranceService/Watch',
      () => WatchRequest.encode(WatchRequest.fromPartial({ pairwiseSubjects: ['', '*'] })).finish(),
      status.INVALID_ARGUMENT,
      /pairwise_subjects\[0\]: expected/,
    ],
    [
      'a request that never was',
      'ReleaseService/AwaitRelease',
      () =>
        AwaitReleaseRequest.encode(AwaitReleaseRequest.fromPartial({ requestId: 'x' })).finish(),
      status.NOT_FOUND,
      /no such request/,
    ],
    [
      'an id that was never given',
      'ReleaseService/RevokeRelease',
      () =>
        RevokeReleaseRequest.encode(
          RevokeReleaseRequest.fromPartial({ releaseId: "'; drop table" }),
        ).finish(),
      status.INVALID_ARGUMENT,
      /release_id: expected/,
    ],
    [
      'a ticket that never was',
      'ReleaseService/RedeemTicket',
      () =>
        RedeemTicketRequest.encode(
          RedeemTicketRequest.fromPartial({ ticket: 'x'.repeat(300) }),
        ).finish(),
      status.NOT_FOUND,
      /no such ticket/,
    ],
    [
      'a message over 64 KiB',
      'AssuranceService/Authenticate',
      () => authenticate({ uiLocale: 'x'.repeat(70_000) }),
      status.RESOURCE_EXHAUSTED,
      /65536/,
    ],
    [
      'a method that is not there',
      'AssuranceService/Guess',
      () => new Uint8Array(),
      status.UNIMPLEMENTED,
      /Guess/,
    ],
  ])(
    'answers %s with a status that says what was expected',
    async (_, method, bytes, code, details) => {
      const ended = await outcome(method, bytes())
      expect([ended.code, ended.details]).toEqual([code, expect.stringMatching(details)])
    },
  )

  test('a unary call without a deadline is refused and told so', async () => {
    const bytes = CheckRequest.encode(
      CheckRequest.fromPartial({ pairwiseSubject: subject }),
    ).finish()
    expect(await outcome('AssuranceService/Check', bytes, {})).toEqual({
      code: status.INVALID_ARGUMENT,
      details: 'grpc-timeout: expected a deadline on a unary call',
    })
  })

  test('bytes that are no message end the call, not the server', async () => {
    const { code } = await outcome(
      'AssuranceService/Check',
      Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff]),
    )
    expect([status.INTERNAL, status.INVALID_ARGUMENT]).toContain(code)
  })

  test.each([
    ['no assertion', undefined],
    ['an assertion that is none', 'Bearer a.b.c'],
    ['another scheme', 'Basic bGlxdW9yOng='],
  ])('%s is UNAUTHENTICATED', async (_, authorization) => {
    const bearer = clientOf(false, instance.ready.grpcBearer)
    const metadata = new Metadata()
    if (authorization !== undefined) metadata.set('authorization', authorization)
    const options = { deadline: Date.now() + 5000 }
    const ended = await outcome('AssuranceService/Check', new Uint8Array(), options, {
      by: bearer,
      metadata,
    })
    bearer.close()
    expect(ended.code).toBe(status.UNAUTHENTICATED)
  })

  test('without a client certificate there is no connection', async () => {
    const stranger = clientOf(false)
    const options = { deadline: Date.now() + 5000 }
    const ended = await outcome('AssuranceService/Check', new Uint8Array(), options, {
      by: stranger,
    })
    stranger.close()
    expect(ended.code).toBe(status.UNAVAILABLE)
  })
})

describe('command line', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'watashi-bad-input-'))
    writeFileSync(join(folder, 'bad.jsonl'), '{"id":"half"\n{"id":"x","framework":"none"}\n[]\n')
    cpSync(join(ROOT, 'policies'), join(folder, 'policies'), { recursive: true })
    const pack = join(folder, 'policies/nist-63-4/framework.yaml')
    writeFileSync(pack, `${readFileSync(pack, 'utf8')}\n  : [unclosed\n`)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const cli = 'services/cli.ts'
  const badLines = (): string => join(folder, 'bad.jsonl')

  test.each<[string, () => string[], RegExp]>([
    [
      'a case file that is not there',
      () => ['policy', 'score', 'nowhere.jsonl'],
      /nowhere\.jsonl: expected a file that can be read/,
    ],
    ['an unknown command', () => ['dance'], /unknown command 'dance'/],
  ])('%s: exit code 2, and what was expected', async (_, args, said) => {
    const { exitCode, output } = await run([cli, ...args()], {})
    expect([exitCode, output]).toEqual([2, expect.stringMatching(said)])
    expect(output).not.toMatch(/^\s+at /m)
  })

  test.each<[string, (io: PolicyIo) => number, RegExp]>([
    [
      'rows that are no cases',
      (io) => policyScore([badLines(), '--json'], io),
      /("code":"INVALID_INPUT".*){3}/s,
    ],
    ['lines that are no cases', (io) => policyTest([badLines()], io), /bad\.jsonl .*expected/],
    [
      'a file of another kind',
      (io) => policyTest([join(ROOT, 'README.md')], io),
      /expected a name that ends in \.test\.yaml or \.jsonl/,
    ],
    ['no file at all', (io) => policyTest([], io), /FILE: expected at least one/],
    ['an option that is not there', (io) => policyScore(['a.jsonl', '--loud'], io), /--loud/],
    ['two files', (io) => policyScore(['a.jsonl', 'b.jsonl'], io), /FILE: expected one case file/],
  ])('a policy command refuses %s with exit code 2', (_, command, said) => {
    const lines: string[] = []
    const take = (line: string): void => void lines.push(line)
    const io = { ...processIo(systemClock), print: take, complain: take }
    expect([command(io), lines.join('\n')]).toEqual([2, expect.stringMatching(said)])
  })

  test('a value of the environment that is none stops the start with the name of the variable', async () => {
    const env = { DATA_DIR: join(folder, 'data'), GRPC_PORT: 'first' }
    const { exitCode, output } = await run(['services/main.ts'], env)
    expect([exitCode, output]).toEqual([
      2,
      'watashi: `GRPC_PORT`: expected a port (0 = a free one) from 0 to 65535\n',
    ])
  })

  test('a broken pack stops the start with file, line and column', async () => {
    const { exitCode, output } = await run(['services/main.ts'], {
      DATA_DIR: join(folder, 'data-of-broken-pack'),
      POLICY_DIR: join(folder, 'policies'),
      ...FREE_PORTS,
    })
    expect([exitCode, output]).toEqual([
      2,
      expect.stringMatching(/nist-63-4\/framework\.yaml:\d+:\d+/),
    ])
    expect(output).not.toMatch(/^\s+at /m)
  })
})

describe('card', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  // Commands that are nearly right get further than noise.
  const nearly = fc
    .tuple(
      fc.constantFrom(0x00, 0x80, 0x0c, 0x10, 0xff),
      fc.constantFrom(0xa4, 0xb0, 0x20, 0x24, 0x2a, 0x84, 0xcb, 0x00),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 255 }),
      bytes,
    )
    .map(([cla, ins, p1, p2, rest]) => Uint8Array.from([cla, ins, p1, p2, ...rest]))

  test('every sequence of bytes gets a status word of the standard', async () => {
    const rack = cardRack(instance.dataDir)
    // A memory of its own: guessed PINs would lock a sample card.
    let memory = rack.pins(`${SAMPLE_PEOPLE.moved}-card`).load()
    const card = new SimulatedCard(
      rack.card(`${SAMPLE_PEOPLE.moved}-card`),
      { load: () => memory, save: (next) => void (memory = next) },
      { random: systemRandom },
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, nearly), async (command) => {
        const response = await card.transmit(command)
        expect(response.length).toBeGreaterThanOrEqual(2)
        const [sw1 = 0] = response.slice(-2)
        expect([0x90, 0x63, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6d, 0x6e]).toContain(sw1)
      }),
      { numRuns: 500 },
    )
  })

  test('a card that answers anything is a `CardError`, never a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 8 }), async (answers) => {
        let next = 0
        const transport = {
          transmit: async () => answers[next++ % Math.max(1, answers.length)] ?? new Uint8Array(),
          close: async () => undefined,
        }
        const used = JpkiCard.open(transport).then((card) => card.readCertificate('authentication'))
        const failure: unknown = await used.then(
          () => undefined,
          (error: unknown) => error,
        )
        if (failure !== undefined) expect(failure).toBeInstanceOf(CardError)
      }),
      { numRuns: 200 },
    )
  })
})

describe('certificate, CRL and OCSP', () => {
  const readers: readonly [string, (der: Uint8Array) => unknown][] = [
    ['certificate', parseCertificate],
    ['CRL', parseCrl],
    ['OCSP response', parseOcspResponse],
  ]
  let real: Record<string, Uint8Array>
  beforeAll(async () => {
    const { port } = new URL(instance.ready.desk ?? '')
    const at = async (path: string): Promise<Uint8Array> =>
      new Uint8Array(await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer())
    real = {
      certificate: await at('/anchors/signature.cer'),
      CRL: await at('/crl/signature/full.crl'),
    }
  })

  test.each(readers)(
    'noise is no %s: the error says which byte and what was expected',
    (_, read) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
          const error = thrown(() => read(noise))
          if (error === undefined) return
          expect(error).toBeInstanceOf(ServiceError)
          expect((error as ServiceError).message).toMatch(/expected /)
        }),
      )
      expect(thrown(() => read(new Uint8Array()))).toBeInstanceOf(ServiceError)
    },
  )

  test.each(readers.slice(0, 2))(
    'one byte changed in a real %s is read or refused by a typed error',
    (name, read) => {
      const whole = real[name] ?? new Uint8Array()
      expect(thrown(() => read(whole))).toBeUndefined()
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const changed = Uint8Array.from(whole)
          changed[at] = (changed[at] ?? 0) ^ change
          const error = thrown(() => read(changed))
          if (error !== undefined) expect(error).toBeInstanceOf(ServiceError)
        }),
        { numRuns: 300 },
      )
      for (const cut of [1, 10, whole.length - 1])
        expect(thrown(() => read(whole.slice(0, cut)))).toBeInstanceOf(ServiceError)
      expect(thrown(() => read(Uint8Array.from([...whole, 0])))).toBeInstanceOf(ServiceError)
    },
  )

  test('a certificate that is none is refused as evidence, with its reason', async () => {
    const answers: string[] = []
    for (const certificate of [systemRandom.bytes(700), real['certificate'] ?? new Uint8Array()]) {
      const again = await person().registerPasskey()
      await post('/api/proofing/agent/session', { ticket: again })
      const { text } = await post('/api/proofing/agent/evidence', {
        ticket: again,
        certificate: Buffer.from(certificate).toString('base64'),
        signature: Buffer.from(systemRandom.bytes(256)).toString('base64'),
        tokenType: 'card',
      })
      const { outcome, reason } = JSON.parse(text) as { outcome: string; reason: string }
      answers.push(`${outcome}: ${reason}`)
    }
    expect(answers).toEqual(['refused: CERTIFICATE_MALFORMED', 'refused: CERTIFICATE_PROFILE'])
  })

  test.each([
    { crl: 'wrong-key' },
    { crl: 'wrong-partition' },
    { crl: 'expired' },
    { crl: 'down' },
  ])(
    'no trustworthy list of revoked certificates (%o): nobody is enrolled, and the reason is told',
    async (switches) => {
      await setSwitches({ ...switches, ocsp: 'down' })
      try {
        await expect(person().enrol(CARD, SAMPLE_PINS.signature)).rejects.toThrow(
          /^enrolment was (refused|indeterminate): [A-Z_]+$/,
        )
      } finally {
        await setSwitches({ crl: 'normal', ocsp: 'normal' })
      }
    },
  )

  test('the authority answers OCSP noise by its own protocol', async () => {
    const { port } = new URL(instance.ready.desk ?? '')
    const answer = await fetch(`http://127.0.0.1:${port}/ocsp/authentication`, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request' },
      body: Buffer.from(systemRandom.bytes(100)),
    })
    expect(answer.status).toBeLessThan(500)
  })
})

describe('after all of it', () => {
  test('the process is healthy, logged no fault of its own, and a person enrols and logs in', async () => {
    expect(instance.process.exitCode).toBeNull()
    for (const page of ['live', 'ready'])
      expect((await fetch(`${instance.ready.operator}/health/${page}`)).status).toBe(200)
    const one = person()
    await one.enrol(CARD, SAMPLE_PINS.signature)
    await one.logIn()
    const { levels } = await one.untilProofed()
    expect(levels.map(({ level }) => level)).toContain('IAL2')
    const faults = instance
      .output()
      .split('\n')
      .filter((line) => /"level":50|EVENT_PARKED/.test(line))
    // The one that was asked for: the authority was told to give no list.
    expect(faults.filter((line) => !line.includes('"route":"/crl"'))).toEqual([])
  })
})

const FREE_PORTS = Object.fromEntries(
  ['HTTP', 'GRPC', 'GRPC_BEARER', 'AGENT', 'SIMULATOR', 'SAMPLE_RP', 'OPERATOR'].map((name) => [
    `${name}_PORT`,
    '0',
  ]),
)

function person(): Person {
  const { issuer } = instance.ready
  const { dataDir } = instance
  return new Person({ issuer, dataDir, clock: systemClock, random: systemRandom })
}

async function post(path: string, body: object): Promise<Answer> {
  const { issuer } = instance.ready
  const headers = { ...JSON_BODY, origin: issuer }
  return raw(issuer, 'POST', path, { headers, body: JSON.stringify(body) })
}

async function setSwitches(switches: Record<string, string>): Promise<void> {
  const { port } = new URL(instance.ready.desk ?? '')
  const answer = await fetch(`http://127.0.0.1:${port}/api/switches`, {
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify(switches),
  })
  expect(answer.status).toBe(200)
}

/** Sends what `fetch` would put right: the path as it is, any header. */
function raw(
  origin: string,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | undefined },
): Promise<Answer> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ hostname, port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function run(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  await once(child, 'close')
  return { exitCode: child.exitCode, output }
}

function thrown(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
