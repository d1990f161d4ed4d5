import { afterAll, expect, test } from 'vitest'
import { InvalidInput } from '../kernel/errors.ts'
import { createImpactDesk, type ImpactDesk, type LiveImpact } from './impact-thread-pool.ts'
import { PolicyStore } from './policy-store.ts'
import type { KnownPerson } from './population.ts'

const { documents } = new PolicyStore().library
const METI = 'meti-idtf-2016/proofing.rules.yaml'
const waits = new AbortController().signal

const card = {
  proofing: { channel: 'remote_unattended', at: '2026-06-01T00:00:00Z' },
  evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert' }],
  checks: [
    { type: 'authentic', on: 'e1', method: 'crypto' },
    { type: 'status', on: 'e1', result: 'good' },
    { type: 'signed', on: 'e1', payload: 'application', valid: true },
  ],
}
/** More than one page of them. */
const persons = new Map<string, string | undefined>(
  Array.from({ length: 450 }, (_, i) => [
    `p${String(i).padStart(3, '0')}`,
    JSON.stringify(i % 2 === 0 ? [card] : []),
  ]),
)
let heard: (subjectRef: string) => void = () => undefined
const known = (subjectRef: string): KnownPerson => ({
  subjectRef,
  proofings: persons.get(subjectRef),
})
const desk: ImpactDesk = createImpactDesk({
  clock: { now: () => new Date('2026-12-01T00:00:00Z') },
  policy: {
    pack: 'watashi-default',
    releases: {
      current: () => ({ sequence: 0, policyDigest: 'digest', documents }),
      changed: () => documents,
    },
    knownPersons: (after, limit) =>
      Promise.resolve(
        [...persons.keys()]
          .filter((ref) => ref > after && persons.get(ref) !== undefined)
          .slice(0, limit)
          .map(known),
      ),
    knownPerson: (subjectRef) => Promise.resolve(known(subjectRef)),
    watchPersons: (listener) => void (heard = listener),
  },
})
afterAll(() => desk.close())

function changes(from: string, to: string) {
  const text = documents.get(METI) ?? ''
  expect(text).toContain(from)
  return [{ path: METI, text: text.replace(from, to) }]
}

/** Asks until everybody was read, as the page does. */
async function counted(of: ReturnType<typeof changes>): Promise<LiveImpact> {
  for (;;) {
    const answer = await desk.ask(of, waits)
    if (answer.state === 'counted') return answer
    await new Promise(setImmediate)
  }
}

const raising = changes(
  "grant: { proofing: '3' }\n    when: |",
  "grant: { proofing: '4' }\n    when: |",
)

function proofing(answer: LiveImpact) {
  if (answer.state === 'reading') throw new TypeError('everybody was read')
  const axis = answer.impact.axes.find((one) => one.axis === 'proofing')
  return { subjects: answer.impact.subjects, raised: axis?.raised, complete: answer.complete }
}

test('reads everybody once, and counts a draft over all of them', async () => {
  expect(await desk.ask(raising, waits)).toEqual({ state: 'reading', subjects: 0 })
  expect(proofing(await counted(raising))).toEqual({ subjects: 450, raised: 225, complete: true })
})

test('counts whoever came, changed or was erased since', async () => {
  for (const [ref, proofings] of [
    ['p000', undefined],
    ['p001', JSON.stringify([card])],
    ['p999', JSON.stringify([card])],
  ] as const) {
    persons.set(ref, proofings)
    heard(ref)
  }
  expect(proofing(await counted(raising))).toEqual({ subjects: 450, raised: 226, complete: true })
})

test('refuses a draft with faults, and answers the next', async () => {
  const faulty = changes("grant: { proofing: '2' }", "grant: { proofing: '22' }")
  await expect(desk.ask(faulty, waits)).rejects.toThrow(InvalidInput)
  expect(proofing(await counted(raising))).toMatchObject({ raised: 226 })
})

test('does not count what nobody waits for any longer', async () => {
  const leaving = new AbortController()
  const first = desk.ask(raising, waits)
  const left = desk.ask(raising, leaving.signal)
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  expect(proofing(await first)).toMatchObject({ raised: 226 })
})
