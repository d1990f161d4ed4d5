import { describe, expect, test } from 'vitest'
import { meaningAt, wantedAt } from './wanted.ts'
import { Workbench } from './workbench.ts'

const shipped = import.meta.glob<string>(
  ['../../../policies/facts.yaml', '../../../policies/nist-63-4/*.yaml'],
  {
    query: '?raw',
    import: 'default',
    eager: true,
  },
)
const nist = new Map(
  Object.entries(shipped).map(([path, text]) => [path.replace('../../../policies/', ''), text]),
)
const { pack } = new Workbench().check(nist, 'nist-63-4')

/** A rule file of its own with the cursor at `@`. */
function at(text: string) {
  const path = 'nist-63-4/new.rules.yaml'
  const from = text.indexOf('@')
  const documents = new Map(nist).set(path, text.replace('@', ''))
  return { documents, place: { path, from, to: from } }
}

function rule(body: string): string {
  return [
    'language: 1',
    'framework: nist-63-4',
    'grants:',
    '  - id: NEW',
    '    title: { ja: 新, en: new }',
    '    cites: [SP 800-63A-4]',
    '    grant: { IAL: IAL1 }',
    ...body.split('\n').map((line) => `    ${line}`),
    '',
  ].join('\n')
}

function words(text: string): readonly string[] {
  const { documents, place } = at(text)
  return wantedAt(documents, place, pack).map(({ name }) => name)
}

describe('words that may stand at a place', () => {
  test.each([
    ['a key of a rule', rule('@'), ['when', 'slots', 'missing', 'in_force'], ['kind']],
    ['a key of slots', rule('slots:\n  from: evidence as e\n  @'), ['need', 'distinct'], ['grant']],
    ['a field of a piece', rule('when: evidence.exists(e, e.@)'), ['kind', 'cls'], ['channel']],
    [
      'a field of a check on the piece',
      rule('when: evidence.exists(e, e.holder.exists(h, h.@))'),
      ['method', 'ok'],
      ['kind'],
    ],
    [
      'a field in an expression of several lines',
      rule(
        'when: |\n  evidence.exists(e, e.kind == epassport\n    && e.@ && e.cls == pki_cert\n  )',
      ),
      ['kind'],
      ['channel'],
    ],
    [
      'a field on a line whose brackets are still open',
      rule('when: evidence.exists(e, e.@'),
      ['kind'],
      ['channel'],
    ],
    ['a member of an enum', rule('when: evidence.exists(e, e.kind == @)'), ['epassport'], ['when']],
    [
      'a member in a list',
      rule('when: proofing.channel in [face_to_face, @]'),
      ['post', 'onsite_unattended'],
      ['epassport'],
    ],
    ['a member asked of a check', rule('check: match\nscope: @'), ['core', 'all'], ['pin']],
    ['the type of a check', rule('check: @'), ['holder', 'match'], ['when']],
    ['another rule', rule('use: @'), ['IAL1', 'IAL2.EACH'], ['when']],
    ['a function of a list', rule('when: evidence.@'), ['exists', 'count'], ['kind']],
    [
      'a root, a definition or a function',
      rule('when: @'),
      ['evidence', 'proofing', 'has'],
      ['post'],
    ],
    ['an axis', rule('when: axis(@) == AAL1'), ['AAL', 'session'], ['when']],
    ['a level', rule('when: axis(AAL) >= @'), ['AAL1', 'AAL3'], ['IAL1']],
  ])('%s', (_, text, wanted, unwanted) => {
    const found = words(text)
    expect(found).toEqual(expect.arrayContaining(wanted))
    for (const word of unwanted) expect(found).not.toContain(word)
  })

  test('a level of the axis that is granted', () => {
    const text = rule('').replace('IAL: IAL1', 'IAL: @')
    expect(words(text)).toEqual(['no_ial', 'IAL1', 'IAL2', 'IAL3'])
  })

  test('nothing where the author gives a name', () => {
    expect(words(rule('').replace('id: NEW', 'id: @'))).toEqual([])
  })
})

describe('the meaning of a word', () => {
  test.each([
    ['kind', 'field', 'enum EvidenceKind: self_asserted, mynumber_card'],
    ['epassport', 'member', 'EvidenceKind'],
  ])('%s is a %s', (name, kind, detail) => {
    const text = rule('when: evidence.exists(e, e.kind == epassport)')
    const { documents } = at(text)
    const from = text.indexOf(name)
    const place = { path: 'nist-63-4/new.rules.yaml', from, to: from + name.length }
    const meaning = meaningAt(documents, place, pack)
    expect(meaning?.kind).toBe(kind)
    expect(meaning?.detail?.en.startsWith(detail)).toBe(true)
  })

  test('a word of the author means nothing to the catalogue', () => {
    const { documents } = at(rule('when: evidence.exists(e, e.kind == epassport)'))
    expect(
      meaningAt(documents, { path: 'nist-63-4/new.rules.yaml', from: 47, to: 50 }, pack),
    ).toBeUndefined()
  })
})
