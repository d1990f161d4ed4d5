import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decideInteraction,
  INTERACTION_LIFETIME,
  type Interaction,
  type InteractionCommand,
} from './interaction.ts'

const START = new Date('2026-11-26T09:00:00Z')
const fresh: Interaction = {
  id: 'A'.repeat(43),
  kind: 'release',
  rpId: 'liquor',
  returnUri: 'http://liquor.localhost/return',
  uiLocale: '',
  minimum: { axes: [], flags: [] },
  purposeId: 'age-check',
  claims: [],
  status: 'open',
  progress: 'awaiting_browser',
  version: 0,
  browserHash: null,
  subjectRef: null,
  personaId: null,
  consent: null,
  signatureId: null,
  signing: null,
  result: null,
  codeSha256: null,
  failure: null,
  shortfalls: [],
  createdAt: START,
  expiresAt: new Date(START.getTime() + INTERACTION_LIFETIME),
}

const hash = fc.constantFrom(1, 2).map((byte) => new Uint8Array(32).fill(byte))
const person = fc.constantFrom('person-1', 'person-2', null)
const command: fc.Arbitrary<InteractionCommand> = fc.oneof(
  fc.record({ type: fc.constant('bind_browser' as const), browserHash: hash, codeSha256: hash }),
  fc.record({
    type: fc.constant('progress' as const),
    subjectRef: person,
    progress: fc.constantFrom('awaiting_login' as const, 'awaiting_consent' as const),
  }),
  fc.record({ type: fc.constant('choose_persona' as const), personaId: fc.constantFrom('p', 'q') }),
  fc.record({
    type: fc.constant('prepare_consent' as const),
    consent: fc.record({
      releaseId: fc.constantFrom('r', 's'),
      ceremonyId: fc.constant('c'),
      personaId: fc.constant('p'),
      levels: fc.constant([]),
    }),
  }),
  fc.record({
    type: fc.constant('complete' as const),
    result: fc.record({
      pairwiseSubject: fc.constant('x'),
      levels: fc.constant([]),
      releaseId: fc.constantFrom(null, 'r'),
    }),
  }),
  fc.record({
    type: fc.constant('fail' as const),
    reason: fc.constantFrom('refused' as const, 'expired' as const),
    shortfalls: fc.constant([]),
  }),
)
const step = fc.record({ command, minutes: fc.integer({ min: 0, max: 7 }) })

/** Runs commands as they come; `visit` sees each change. */
function run(
  steps: readonly { command: InteractionCommand; minutes: number }[],
  visit: (before: Interaction, after: Interaction, command: InteractionCommand, at: Date) => void,
): Interaction {
  let state = fresh
  for (const { command: next, minutes } of steps) {
    const at = new Date(START.getTime() + minutes * 60_000)
    const decision = decideInteraction(state, next, at)
    if (decision.outcome !== 'changed') continue
    visit(state, decision.interaction, next, at)
    state = decision.interaction
  }
  return state
}

describe('an interaction, whatever comes in whatever order', () => {
  test('is answered at most once, and then never changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let answers = 0
        run(steps, (before, after) => {
          expect(before.status).toBe('open')
          expect(after.version).toBe(before.version + 1)
          if (after.status !== 'open') answers += 1
        })
        expect(answers).toBeLessThanOrEqual(1)
      }),
    )
  })
  test('keeps its first browser and the code of that browser', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        run(steps, (before, after) => {
          if (before.browserHash === null) return
          expect(after.browserHash).toBe(before.browserHash)
          expect(after.codeSha256).toBe(before.codeSha256)
        })
      }),
    )
  })
  test('passes neither persona nor consent on to another person', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        run(steps, (before, after) => {
          if (before.subjectRef === after.subjectRef) return
          expect(after.personaId).toBeNull()
          expect(after.consent).toBeNull()
        })
      }),
    )
  })
  test('completes only for a person, and after its end only with a release issued before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        run(steps, (before, after, _command, at) => {
          if (after.status !== 'completed') return
          expect(before.subjectRef).not.toBeNull()
          if (at >= before.expiresAt) expect(after.result?.releaseId).not.toBeNull()
        })
      }),
    )
  })
  test('a persona chosen anew voids the document made under the old one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        run(steps, (_before, after, { type }) => {
          if (type === 'choose_persona') expect(after.consent).toBeNull()
        })
      }),
    )
  })
})

describe('a signature whose last write comes after the end', () => {
  const late = new Date(START.getTime() + INTERACTION_LIFETIME)
  const result = { pairwiseSubject: 'x', levels: [], releaseId: null }
  const known: Interaction = { ...fresh, kind: 'signature', subjectRef: 'person-1' }
  const agreed: Interaction = { ...known, signing: { pairwiseSubject: 'x', levels: [] } }

  test('is delivered when the person agreed in time', () => {
    const decision = decideInteraction(agreed, { type: 'complete', result }, late)
    expect(decision).toMatchObject({ outcome: 'changed', interaction: { status: 'completed' } })
  })

  test.each([
    ['nobody agreed', known],
    ['it is no signature', { ...agreed, kind: 'authenticate' as const }],
  ])('is not when %s', (_what, state) => {
    const decision = decideInteraction(state, { type: 'complete', result }, late)
    expect(decision).toEqual({ outcome: 'rejected', reason: 'EXPIRED' })
  })
})

test('a second browser is turned away', () => {
  const one = new Uint8Array(32).fill(1)
  const bound = decideInteraction(
    fresh,
    { type: 'bind_browser', browserHash: one, codeSha256: one },
    START,
  )
  if (bound.outcome !== 'changed') throw new Error('expected a change')
  const two = new Uint8Array(32).fill(2)
  expect(
    decideInteraction(
      bound.interaction,
      { type: 'bind_browser', browserHash: two, codeSha256: two },
      START,
    ),
  ).toEqual({ outcome: 'rejected', reason: 'OTHER_BROWSER' })
})
