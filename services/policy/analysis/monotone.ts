import type { Json } from '../../kernel/canonical-json.ts'
import type { Grant } from '../language/pack.ts'
import type { Facts, Score, ScoreValue } from '../language/score.ts'
import { plainLevel } from './example.ts'
import type { Addition } from './person.ts'

interface Lowering {
  readonly before: Facts
  readonly after: Facts
  readonly values: readonly string[]
  readonly rule: string
  readonly entry: string
}

interface Options {
  readonly people: readonly Facts[]
  readonly additions: readonly Addition[]
  readonly grants: readonly Grant[]
  readonly score: (person: Facts) => Score
  readonly isLower: (after: ScoreValue, before: ScoreValue) => boolean
}

/**
 * People whom one more entry in a list lowers although no veto and no cap says so: a grant was lost. One for each grant and kind
 * of entry. What is not found is not proved to be absent.
 */
export function loweringAdditions({
  people,
  additions,
  grants,
  score,
  isLower,
}: Options): readonly Lowering[] {
  const found = new Map<string, Lowering>()
  const ids = new Set(grants.map(({ id }) => id))
  for (const before of people) {
    const first = score(before)
    for (const addition of additions) {
      if (addition.entry['result'] === 'fail') continue // is there to lower
      for (const after of withEntry(before, addition)) {
        const second = score(after)
        if (!isLower(second.value, first.value)) continue
        const lost = first.fired.find(
          ({ id }) => ids.has(id) && !second.fired.some((other) => other.id === id),
        )
        if (lost === undefined || second.caps.length > first.caps.length) continue
        const vetoed = second.fired.some(
          ({ id }) => !ids.has(id) && !first.fired.some((other) => other.id === id),
        )
        if (vetoed) continue
        const entry = nameOf(addition)
        const key = `${lost.id} ${entry}`
        if (!found.has(key))
          found.set(key, {
            before,
            after,
            values: [first, second].map(({ value }) => plainLevel(value)),
            rule: lost.id,
            entry,
          })
      }
    }
  }
  return [...found.values()]
}

function nameOf({ list, entry }: Addition): string {
  const { type } = entry
  return list === 'checks' && typeof type === 'string' ? `check ${type}` : list
}

/** The person with the entry: once for each piece of evidence that it can be about. */
function withEntry(person: Facts, { list, ofPiece, entry }: Addition): readonly Facts[] {
  if (list === 'factors') {
    const { auth } = person
    const known = isRecord(auth) ? auth : {}
    return [
      {
        ...person,
        auth: {
          ...known,
          factors: [...listOf(known['factors']), { ...entry, authenticator: 'added' }],
        },
      },
    ]
  }
  const owners = ofPiece
    ? listOf(person['evidence']).flatMap((piece) => (isRecord(piece) ? [piece['id']] : []))
    : [undefined]
  return owners.map((on) => {
    const item = {
      ...entry,
      ...(on === undefined ? {} : { on }),
      ...(list === 'evidence' ? { id: 'added' } : {}),
    }
    const needed = { proofing: { channel: 'remote_unattended' }, evidence: [] }
    return {
      ...(list === 'bindings' ? {} : needed),
      ...person,
      [list]: [...listOf(person[list]), item],
    }
  })
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [] // elements of JSON are JSON
}

function isRecord(value: Json | undefined): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
