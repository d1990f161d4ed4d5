import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  LIQUOR,
  NO_MINIMUM,
  openTemporaryWallet,
  type TemporaryWallet,
} from './temporary-wallet.ts'

const MINUTE = 60_000

interface Request {
  readonly requestId: string
  state: 'none' | 'offered' | 'issued' | 'refused' | 'revoked' | 'expired'
  releaseId: string
  challenge: Uint8Array
  consentUntil: number
  issuedAt: number
}

/** What should be true, kept beside the wallet and compared with it after every step. */
interface Model {
  readonly wallet: TemporaryWallet
  readonly person: string
  readonly personaId: string
  readonly requests: readonly Request[]
  /** Statuses in the order in which the ledger should list them. */
  readonly outcomes: string[]
}

const step = fc.record({
  which: fc.nat(2),
  action: fc.constantFrom(
    'prepare',
    'issue',
    'issue',
    'replay',
    'refuse',
    'revoke',
    'giveUp',
    'wait',
    'sweep',
    'age',
  ),
})

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error: unknown) => {
      expect(['CONFLICT', 'NOT_FOUND']).toContain((error as { code?: string }).code)
      return false
    },
  )
}

async function take(
  model: Model,
  { which, action }: { which: number; action: string },
): Promise<void> {
  const { wallet, person, personaId, requests, outcomes } = model
  const request = requests[which]
  if (!request) return
  const { port, clock } = wallet
  const now = clock.now()
  const at = now.getTime()
  const asked = {
    requestId: request.requestId,
    subjectRef: person,
    rpId: 'liquor',
    purposeId: 'purpose',
    claims: [{ name: 'age_over_20', essential: true }],
  }
  const sign = (challenge: Uint8Array) =>
    port.issue(
      request.releaseId,
      { ceremonyId: 'c', assertionDigest: new Uint8Array(32), challenge },
      NO_MINIMUM,
      now,
    )
  switch (action) {
    case 'prepare': {
      const open = request.state === 'none' || request.state === 'offered'
      const prepared = port.prepareConsent(asked, personaId, [], [], now)
      expect(await succeeds(prepared)).toBe(open)
      if (!open) return
      const { releaseId, digest, expiresAt } = await prepared
      Object.assign(request, {
        state: 'offered',
        releaseId,
        challenge: digest,
        consentUntil: expiresAt.getTime(),
      })
      return
    }
    case 'issue': {
      const may = request.state === 'offered' && at < request.consentUntil
      expect(await succeeds(sign(request.challenge))).toBe(may)
      if (!may) return
      Object.assign(request, { state: 'issued', issuedAt: at })
      outcomes.push('released')
      return
    }
    case 'replay':
      expect(await succeeds(sign(new Uint8Array(32).fill(1)))).toBe(false)
      return
    case 'refuse': {
      const may = ['none', 'offered', 'refused'].includes(request.state)
      expect(await succeeds(port.refuse(asked, personaId, 'REFUSED_BY_PERSON', now))).toBe(may)
      if (!may || request.state === 'refused') return
      request.state = 'refused'
      outcomes.push('refused')
      return
    }
    case 'revoke':
    case 'giveUp': {
      const may = ['issued', 'revoked', 'expired'].includes(request.state)
      const revoked =
        action === 'revoke'
          ? wallet.person.revoke(person, request.releaseId, now)
          : port.revokeByRelyingParty(request.releaseId, 'liquor', now)
      expect(await succeeds(revoked)).toBe(may)
      if (request.state !== 'issued') return
      request.state = 'revoked'
      outcomes.push('revoked')
      return
    }
    case 'wait':
      clock.advance(4 * MINUTE)
      return
    case 'age':
      clock.advance(11 * 24 * 60 * MINUTE)
      return
    default: {
      await wallet.sweep(now)
      for (const one of requests) {
        if (one.state === 'offered' && one.consentUntil + 60 * MINUTE <= at) {
          one.state = 'refused'
          outcomes.push('expired')
        }
      }
      for (const one of requests) {
        const kept =
          Math.floor((one.issuedAt + 30 * 24 * 60 * MINUTE) / (60 * MINUTE)) * 60 * MINUTE
        if (one.state === 'issued' && kept <= at) {
          one.state = 'expired'
          outcomes.push('expired')
        }
      }
    }
  }
}

async function compare({ wallet, person, requests, outcomes }: Model): Promise<void> {
  const now = wallet.clock.now()
  const { entries, intact } = await wallet.person.ledger(person)
  expect(intact).toBe(true)
  expect(entries.map(({ status }) => status).reverse()).toEqual(outcomes)
  const inForce = requests.filter(({ state }) => state === 'issued')
  const revocable = entries.flatMap((e) => (e.canRevoke ? [e.releaseId] : []))
  expect([...revocable].sort()).toEqual(inForce.map(({ releaseId }) => releaseId).sort())
  for (const { state, releaseId, issuedAt } of requests) {
    const kept = state === 'issued' && now.getTime() < issuedAt + 55 * MINUTE
    const again = await wallet.port.released(releaseId, 'liquor', now)
    expect(again !== undefined).toBe(kept)
  }
}

test('every order of steps gives each request at most one outcome, and the ledger tells all of them', async () => {
  await using wallet = await openTemporaryWallet()
  await wallet.register(LIQUOR)
  let people = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const person = `subject-${(people += 1)}`
      await wallet.enrol(person)
      const personaId = await wallet.personaId(person, 'priv')
      const requests = [0, 1, 2].map((i): Request => ({
        requestId: `${person}-${i}`,
        state: 'none',
        releaseId: 'none',
        challenge: new Uint8Array(32),
        consentUntil: 0,
        issuedAt: 0,
      }))
      const model: Model = { wallet, person, personaId, requests, outcomes: [] }
      for (const one of steps) {
        await take(model, one)
        await compare(model)
      }
    }),
    { numRuns: 40 },
  )
}, 60_000)
