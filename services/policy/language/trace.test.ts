import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Agreement, NOT_CODED } from '../../../test/policy/agreement.ts'
import type { Json } from '../../kernel/canonical-json.ts'
import { POLICIES_DIRECTORY, PolicyStore } from '../policy-store.ts'
import { readPack } from './read-pack.ts'
import { Scorer } from './score.ts'
import type { Facts } from './judged-facts.ts'
import { placeOfSpan, textOfSpan } from './source-map.ts'
import { buildSubject, type Item } from './subject.ts'
import { tracePack } from './trace-pack.ts'
import type { TraceNode } from './trace-values.ts'

const store = new PolicyStore()
const NOW = Date.parse('2026-06-01T00:00:00Z') / 1000

/** What the examples say anywhere, by member name: random facts made of it meet the rules. */
const vocabulary = collectVocabulary()

function collectVocabulary() {
  const words = new Map<string, Map<string, Json>>()
  const visit = (value: Json, name: string): void => {
    if (isList(value)) for (const item of value) visit(item, name)
    const known = words.get(name) ?? new Map<string, Json>()
    known.set(JSON.stringify(value), value)
    words.set(name, known)
    if (isRecord(value)) for (const [key, own] of Object.entries(value)) visit(own, key)
  }
  const text = readFileSync(`${POLICIES_DIRECTORY}/examples.cases.jsonl`, 'utf8')
  for (const line of text.split('\n').filter((one) => one !== ''))
    visit((JSON.parse(line) as { facts: Json }).facts, 'facts')
  return words
}

const RESULTS: Readonly<Record<string, readonly string[]>> = {
  status: ['good', 'revoked', 'unknown'],
  other: ['pass', 'fail', 'unknown'],
}

/** Facts of the examples, mixed: elements of lists from anywhere, members lost or replaced, outcomes turned. */
const mixedFacts = fc
  .tuple(fc.constantFrom(...(vocabulary.get('facts')?.values() ?? [])), fc.infiniteStream(fc.nat()))
  .map(([facts, stream]) => mix(structuredClone(facts), 'facts', () => Number(stream.next().value)))

function mix(value: Json, name: string, next: () => number): Json {
  if (isList(value)) {
    const others = [...(vocabulary.get(name)?.values() ?? [])].filter(isRecord)
    const more = others.length > 0 && next() % 3 === 0 ? [others[next() % others.length]] : []
    return [...value, ...more].flatMap((item) =>
      item === undefined ? [] : [mix(item, name, next)],
    )
  }
  if (!isRecord(value)) return value
  const mixed: Record<string, Json> = {}
  for (const [key, own] of Object.entries(value)) {
    const words = [...(vocabulary.get(key)?.values() ?? [])].filter(
      (word) => typeof word === typeof own && !isRecord(word) && !Array.isArray(word),
    )
    const dice = next() % 12
    if (dice === 0 && key !== 'type' && key !== 'id') continue
    mixed[key] =
      dice === 1 && key !== 'type' && words.length > 0
        ? (words[next() % words.length] ?? own)
        : mix(own, key, next)
  }
  if (typeof mixed['type'] === 'string' && name === 'checks' && next() % 4 === 0) {
    const results = RESULTS[mixed['type']] ?? RESULTS['other'] ?? []
    mixed['result'] = results[next() % results.length] ?? 'pass'
  }
  return mixed
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

describe.each(store.list())('the tracing interpreter over %s', (name) => {
  const { pack } = store.load(name)

  test('says what closures and generated code say, rule by rule, of examples mixed', () => {
    const agreement = new Agreement(pack)
    fc.assert(
      fc.property(mixedFacts, (facts) => {
        const found = agreement.differences(facts as Facts, NOW)
        // A mixture may hold what is no instant.
        expect(found.filter((one) => one !== NOT_CODED)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})

test('an axis that reads the asked one is traced with it', () => {
  const title = 'title: { ja: 一, en: one }'
  const text = `language: 1
framework: try-out
version: 1.0.0
status: draft
${title}
zone: Asia/Tokyo
effective: { from: 2020-01-01 }
axes:
  level: { ${title}, scope: person, levels: [none, low] }
  above: { ${title}, scope: person, levels: [none, low] }
grants:
  - { id: A, ${title}, grant: { level: low }, when: "evidence.exists(e, e.kind == epassport)" }
  - { id: B, ${title}, grant: { above: low }, when: "axis(level) == low" }
notes:
  - { id: N, ${title}, flags: [both], axes: [level], when: "axis(above) == low" }
`
  const pack = readPack([{ path: 'try.yaml', text }], store.catalogue)
  const said = (kind: string) =>
    new Scorer(pack)
      .trace({ axis: 'level', facts: { evidence: [{ id: 'e1', kind }] }, at: NOW })
      .map(({ axis, lower, notes }) => [axis.name, lower, notes.map(({ node }) => node.truth)])
  expect(said('epassport')).toEqual([
    ['above', 2, []],
    ['level', 2, [3]],
  ])
  expect(said('drivers_license')).toEqual([
    ['above', 1, []],
    ['level', 1, [0]],
  ])
})

describe('a trace', () => {
  const { pack } = store.load('nist-63-4')
  const facts: Facts = {
    proofing: { channel: 'remote_unattended' },
    evidence: [{ id: 'e1', kind: 'drivers_license', cls: 'gov_photo_id' }],
    checks: [
      { type: 'authentic', on: 'e1', method: 'visual' },
      { type: 'holder', on: 'e1', method: 'code_phone', result: 'unknown' },
    ],
  }
  const trace = () => {
    const paths = new Map<Item, string>()
    const { catalogue, zone, options } = pack
    const subject = buildSubject(facts, { catalogue, zone, options, paths })
    return tracePack(pack, 'IAL', { subject, paths, now: NOW, measuredAt: NOW }).at(-1)
  }
  const flat = (node: TraceNode): readonly TraceNode[] => [node, ...node.parts.flatMap(flat)]
  const nodes = () =>
    flat(trace()?.grants.find(({ rule }) => rule.id === 'IAL1')?.node ?? expect.fail())

  test('gives each condition its value, its place and the facts that it read', () => {
    const own = nodes().flatMap((node) => {
      const [span] = pack.sources.of(node.ir)
      return span === undefined ? [] : [{ text: textOfSpan(span), place: placeOfSpan(span), node }]
    })
    const code = own.find(({ text }) => /^h\.method in \[code_postal[^|]*\]$/.test(text))
    expect(code?.place).toMatchObject({ file: 'policies/nist-63-4/identity.rules.yaml' })
    const lines = readFileSync(`${POLICIES_DIRECTORY}/nist-63-4/identity.rules.yaml`, 'utf8')
    const line = lines.split('\n')[(code?.place.line ?? 0) - 1]
    expect(line?.slice((code?.place.column ?? 0) - 1)).toMatch(/^h\.method in \[code_postal/)
    expect(code?.node).toMatchObject({ truth: 3, reads: [{ path: 'checks[1].method' }] })
    const ok = own.find(({ text, node }) => text === 'h.ok' && node.truth === 2)
    expect(ok?.node.reads).toEqual([{ path: 'checks[1].ok', type: { kind: 'truth' }, value: 2 }])
  })

  test('tells which element each value is for', () => {
    expect(nodes().flatMap(({ element }) => element ?? [])).toContain('checks[1]')
  })
})
