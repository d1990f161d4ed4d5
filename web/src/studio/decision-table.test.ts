import { describe, expect, test } from 'vitest'
import type { Pack } from '../../../services/policy/language/pack.ts'
import { decisionTable, type DecisionTable } from './decision-table.ts'
import { folderOf, Workbench } from './workbench.ts'

const shipped = import.meta.glob<string>(
  ['../../../policies/facts.yaml', '../../../policies/*/{framework,*.rules}.yaml'],
  { query: '?raw', import: 'default', eager: true },
)
const documents = new Map(
  Object.entries(shipped).map(([path, text]) => [path.replace('../../../policies/', ''), text]),
)
const workbench = new Workbench()
const frameworks = [...new Set([...documents.keys()].map(folderOf))].filter((name) => name !== '')

function packOf(framework: string): Pack {
  const { pack } = workbench.check(documents, framework)
  if (pack === undefined) throw new TypeError('the shipped pack has no fault')
  return pack
}

function tableOf(framework: string, axis: string): DecisionTable {
  const pack = packOf(framework)
  const found = pack.axes.get(axis)
  if (found === undefined) throw new TypeError(`no axis ${axis}`)
  return decisionTable(pack, found)
}

/** Cells as an author reads them, with what has no column of its own last. */
function cellsOf({ columns, rows }: DecisionTable, rule: string): Record<string, string> {
  const row = rows.find((one) => one.rule.id === rule)
  const cells = columns.map((column) => [
    column,
    (row?.wishes.get(column) ?? [])
      .map((wish) => (wish.kind === 'text' ? wish.text : wish.kind))
      .join(' & '),
  ])
  return Object.fromEntries([
    ...cells.filter(([, text]) => text !== ''),
    ...(row?.others.length ? [['others', row.others.join(' & ')]] : []),
  ]) as Record<string, string>
}

describe('decision table', () => {
  test('what several rules look at is a column, by the name that the author gave it', () => {
    const table = tableOf('meti-idtf-2016', 'proofing')
    expect(table.columns).toEqual([
      'evidence.exists',
      'face_to_face',
      'elsewhere',
      'check: match',
      'slots: evidence',
      'check: recorded',
    ])
    expect(cellsOf(table, 'METI.P.F2F.3')).toEqual({
      'evidence.exists': 'photo_id(e)',
      face_to_face: 'yes',
      'check: match': 'scope: application, all',
      'check: recorded': 'purpose: non_repudiation',
    })
    expect(cellsOf(table, 'METI.P.REMOTE.2')['slots: evidence']).toBe(
      'government_id(e) + account(e)',
    )
    expect(cellsOf(table, 'METI.P.F2F.4')['others']).toContain('biometric_sample')
  })

  test('comparisons stand under what is compared, with the value of the row that made the rule', () => {
    const gpg = tableOf('gpg45', 'confidence')
    expect(cellsOf(gpg, 'GPG45.L1A')).toMatchObject({ 'scores.fraud': '>= 1' })
    const session = tableOf('nist-63-4', 'session')
    expect(cellsOf(session, 'SESSION.AAL2')).toEqual({
      'session.auth_aal': '== AAL2',
      'session.age_s': '<= 24h',
      others: 'session.idle_s <= 1h || reauthenticated',
    })
  })

  test('a condition that must not hold is told from one that must, and from one that is not asked', () => {
    const table = tableOf('nist-63-4', 'FAL')
    expect(cellsOf(table, 'FAL3')).toMatchObject({ 'assertion.bound_auth_verified': 'yes' })
    expect(cellsOf(table, 'FAL.BOUND_FAILED')).toMatchObject({
      'assertion.bound_auth_verified': 'no',
    })
    expect(cellsOf(table, 'FAL1')).not.toHaveProperty('assertion.bound_auth_verified')
  })

  test('says what each rule gives, takes away or leaves at most', () => {
    const effects = tableOf('nist-63-4', 'FAL').rows.map(({ rule, stratum, effect }) =>
      [rule.id, stratum, ...effect].join(' '),
    )
    expect(effects).toEqual(
      expect.arrayContaining([
        'FAL3 grant FAL3',
        'FAL.BOUND_FAILED veto',
        'FAL.PROXIED.FAL1 cap FAL1',
      ]),
    )
    expect(tableOf('nist-63-4', 'recovery').rows[0]?.effect).toEqual(['allowed: true'])
  })

  test('an axis that is the least of others names them', () => {
    const { rows, minimum } = tableOf('meti-idtf-2016', 'overall_authentication')
    expect(rows).toEqual([])
    expect(minimum.length).toBeGreaterThan(1)
  })

  test.each(frameworks)('every rule of %s has its row, whole', (framework) => {
    const pack = packOf(framework)
    for (const axis of pack.axes.values()) {
      const { columns, rows } = decisionTable(pack, axis)
      expect(new Set(columns).size).toBe(columns.length)
      for (const { others, wishes } of rows) {
        const texts = [...wishes.values()].flat().map((wish) => JSON.stringify(wish))
        expect([...others, ...texts].join()).not.toContain('undefined')
      }
    }
  })
})
