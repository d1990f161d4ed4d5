import { afterEach, expect, test } from 'vitest'
import { startOperatorService, type OperatorService } from '../../test/pki/crl-server.ts'
import { latestAttributesOverHttp } from './latest-attributes-http.ts'

const SUPPLIED = {
  supplied: true,
  attributes: {
    name: '見本　花子',
    address: '模擬県汐見市新町９丁目',
    birthDate: '1992-07-29',
    sex: '2',
  },
  municipality: { prefecture: 'Mogi-ken', city: 'Shiomi-shi' },
  suppliedAt: '2026-06-01T00:00:00Z',
}

let service: OperatorService | undefined
afterEach(() => service?.close())

async function asked(answer: object) {
  service = await startOperatorService((_, response) => {
    response.end(JSON.stringify(answer))
  })
  return latestAttributesOverHttp(service.url, 'watashi')
}

test('what is supplied is given as the vault reads it', async () => {
  const source = await asked(SUPPLIED)
  expect(await source.supply('consent-1', '51')).toMatchObject({
    outcome: 'supplied',
    attributes: { birthdate: '1992-07-29', asOf: '2026-06-01' },
  })
})

test.each([
  ['a time that does not exist', { suppliedAt: '2026-99-99T99:99:99Z' }],
  ['no time', { suppliedAt: 'today' }],
  ['a name of nothing', { attributes: { ...SUPPLIED.attributes, name: '' } }],
])('an answer with %s is none', async (_, changed) => {
  const source = await asked({ ...SUPPLIED, ...changed })
  expect(await source.supply('consent-1', '51')).toEqual({ outcome: 'unavailable' })
})

test.each(['2026-02-30', '1992', ''])('a birth date of %j is left out', async (birthDate) => {
  const source = await asked({
    ...SUPPLIED,
    attributes: { ...SUPPLIED.attributes, birthDate },
  })
  const answer = await source.supply('consent-1', '51')
  expect(answer).toMatchObject({ outcome: 'supplied' })
  expect(answer).not.toHaveProperty('attributes.birthdate')
})

test.each([
  [{}, 'withdrawn'],
  [{ error: { code: 'CONSENT_UNKNOWN' } }, 'withdrawn'],
  [{ error: { code: 'INVALID_INPUT' } }, 'refused'],
  [{ error: { code: 'UNAVAILABLE' } }, 'unavailable'],
  [[], 'unavailable'],
])('%j to a withdrawal is %s', async (answer, outcome) => {
  const source = await asked(answer)
  expect(await source.withdraw('consent-1')).toBe(outcome)
})
