import { openTemporaryEventCore } from '../../services/eventlog/temporary-event-core.ts'
import { CodedStore } from '../../services/policy/coded-store.ts'
import { PersonLevels } from '../../services/policy/person-levels.ts'
import { PolicySweep } from '../../services/policy/policy-sweep.ts'
import { PolicyStore } from '../../services/policy/policy-store.ts'
import * as tables from '../../services/policy/schema.sqlite.ts'
import { PolicyDatabase } from '../../services/policy/store.ts'
import {
  factDigest,
  factsDigest,
  proofingsOf,
  type StoredFact,
} from '../../services/policy/subject-facts.ts'
import { cardTap } from '../../test/policy/card-tap.ts'
import { cpuMillisecondsLater } from '../measure.ts'
import { NOW } from './subjects.ts'

const PERSONS = 20_000
const PAGE = 500
const TURNS = 5
const BEFORE = 'before'

/**
 * The walk of the policy service over everybody after a change of policy that moves nobody, on its own SQLite file with all that it
 * writes: once for persons who are not coded yet, then for those who are.
 */
export async function benchWalk(): Promise<readonly string[]> {
  const now = new Date(NOW * 1000)
  await using core = await openTemporaryEventCore({
    services: ['policy'],
    now: now.toISOString(),
  })
  const { database } = core
  const policy = new PolicyStore().library.policyOf('watashi-default')
  const levels = new PersonLevels(policy)
  for (let first = 0; first < PERSONS; first += PAGE) {
    const rows = Array.from({ length: PAGE }, (_, i) => enrolled(first + i, levels, now))
    await database.run(async (tx) => {
      await tx.insert(tables.persons).values(rows.map(({ person }) => person))
      await tx.insert(tables.facts).values(rows.map(({ fact }) => fact))
      await tx.insert(tables.levels).values(rows.flatMap((row) => row.levels))
    })
  }
  const coded = new CodedStore(database)
  const walk = async () => {
    await database.run(async (tx) => tx.update(tables.levels).set({ policyDigest: BEFORE }))
    const sweep = new PolicySweep({
      ...{ database, store: new PolicyDatabase(database), coded },
      levels: () => levels,
      score: (falling) => {
        if (falling.length > 0) throw new TypeError('somebody moved')
        return Promise.resolve()
      },
    })
    return cpuMillisecondsLater(async () => {
      while ((await sweep.page(policy, now)) > 0);
    })
  }
  const pages = Array.from({ length: PERSONS / PAGE }, (_, page) =>
    Array.from({ length: PAGE }, (_row, i) => referenceOf(page * PAGE + i)),
  )
  const score = () =>
    cpuMillisecondsLater(async () => {
      for (const page of pages) {
        const persons = await database.read((tx) => coded.find(tx, page, levels.coding))
        for (const { words } of persons.values())
          if (levels.ofCoded(words, now) === undefined) throw new TypeError('somebody is open')
      }
    })
  const first = await walk()
  const times = { walk: [] as number[], score: [] as number[] }
  for (let turn = 0; turn < TURNS; turn += 1) {
    times.walk.push(await walk())
    times.score.push(await score())
  }
  const rate = (...milliseconds: readonly number[]) =>
    `${Math.round((PERSONS * 1000) / Math.min(...milliseconds)).toLocaleString('en')}/s`
  return [
    `| persons as the policy service keeps them in SQLite, read in pages and scored on its ${policy.person.length} identity axes with valid_until | ${rate(...times.score)} | – | – | – |`,
    `| walk of the service over ${PERSONS.toLocaleString('en')} persons after a change of policy: read, scored, compared with their levels, confirmed in the database | ${rate(...times.walk)} | persons who are not coded yet: ${rate(first)} | – | – |`,
  ]
}

function referenceOf(i: number): string {
  return `person-${String(i).padStart(8, '0')}`
}

/** A person as the scorer would have left them, had it not coded them. */
function enrolled(i: number, levels: PersonLevels, now: Date) {
  const subjectRef = referenceOf(i)
  const facts = cardTap(now, 3 + (i % 9), i % 20 === 0 ? 'revoked' : 'good')
  const fact: StoredFact = { kind: 'proofing', proofingId: `proofing-${i}`, facts }
  const level = { missing: [], policyDigest: BEFORE, factsDigest: factsDigest([fact]) }
  return {
    person: { subjectRef, factsVersion: 1, erased: false },
    fact: { subjectRef, digest: factDigest(fact), fact, recordedAt: now },
    levels: levels.of(proofingsOf([fact]), now).map(({ validUntil = null, ...own }) => ({
      ...{ ...own, ...level },
      ...{ subjectRef, validUntil, dueAt: validUntil, decidedAt: now },
    })),
  }
}
