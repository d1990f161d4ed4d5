import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MinimumAssurance } from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import type { Cast } from '../../services/cli/demo/story.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { castAt, closeCast, enrolledWith } from '../support/players.ts'

let instance: Instance
let cast: Cast
let person: Person
beforeAll(async () => {
  instance = await startInstance()
  cast = castAt(instance)
  person = await enrolledWith(instance, 'hanako-card')
})
afterAll(async () => {
  closeCast(cast)
  await instance[Symbol.asyncDispose]()
})

/** Asks over gRPC for these vectors, or for a profile, and answers as the person does who agrees. */
async function logIn(rpId: 'library' | 'bank', asked: Partial<MinimumAssurance>) {
  const minimum = MinimumAssurance.fromPartial(asked)
  const login = cast[rpId].authenticate(minimum, cast.returnUris[rpId])
  await person.agree((await login.started).interactionUrl, 'priv')
  return login.ended
}

describe('a service that asks for vectors of trust', () => {
  test('gets the vector of what held, with the address of the document that says what it means', async () => {
    const { vector, levels } = await logIn('library', { vectors: ['C3', 'C2.Ce', 'C1'] })
    expect(vector?.vot).toBe('P1.C1.C2.Ce.Mb.At')
    expect(levels.map(({ level }) => level)).toEqual(['AAL2'])
    const answer = await fetch(vector?.vtm ?? '')
    expect(answer.status).toBe(200)
    const document = (await answer.json()) as { values: { value: string; minimum: object }[] }
    const known = document.values.map(({ value }) => value)
    expect(known).toEqual(expect.arrayContaining(vector?.vot.split('.') ?? []))
    expect(document.values.find(({ value }) => value === 'C2')?.minimum).toEqual({
      axes: [{ framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL2' }],
      flags: [],
    })
  })

  test('learns of the identity when it asks for it and the person is shown that, and otherwise not', async () => {
    const asked = { vectors: ['Pb.C1'] }
    const login = cast.library.authenticate(
      MinimumAssurance.fromPartial(asked),
      cast.returnUris.library,
    )
    const { interactionUrl } = await login.started
    const { levels } = await person.view(interactionUrl)
    expect(levels.map(({ axis }) => axis)).toEqual(['AAL', 'IAL'])
    await person.agree(interactionUrl, 'priv')
    expect((await login.ended).vector?.vot).toBe('P1.P2.Pb.C1.C2.Ce.Mb.At')
  })

  test('may ask about a known person with Check, of the axes it may ask about', async () => {
    const { pairwiseSubject, vector } = await logIn('bank', { vectors: ['P2'] })
    expect(vector?.vot).toContain('Pb')
    const asked = MinimumAssurance.fromPartial({ vectors: ['Pc', 'Pb.C2'] })
    const answer = await cast.bank.check(pairwiseSubject, asked)
    expect(answer).toMatchObject({ satisfied: true, vector: { vot: 'P1.P2.Pb.C1.C2.Ce.Mb.At' } })
    expect((await cast.bank.check(pairwiseSubject)).vector).toBeUndefined()
  })

  test.each([
    [
      { vectors: ['C2', 'P3'] },
      /minimum\.vectors\[1\]: expected values of the trustmark watashi: P1/,
    ],
    [{ vectors: ['C2.C2'] }, /minimum\.vectors\[0\]: expected each value once/],
    [{ vectors: ['c2'] }, /minimum\.vectors\[0\]: expected values such as/],
    [{ vectors: Array<string>(11).fill('C1') }, /minimum\.vectors: expected at most 10/],
    [{ profile: 'proofed' }, /minimum\.profile: expected one of .*proofed-person/],
  ])('is refused %j', async (asked, details) => {
    const login = cast.library.authenticate(
      MinimumAssurance.fromPartial(asked),
      cast.returnUris.library,
    )
    login.ended.catch(() => undefined)
    await expect(login.started).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details) as string,
    })
  })

  test.each(['/trustmarks/watashi/0.9.0', '/trustmarks/other/1.0.0'])(
    'finds nothing at %s, which no answer names',
    async (path) => {
      expect((await fetch(`${instance.ready.issuer}${path}`)).status).toBe(404)
    },
  )
})

test('a service that names a profile gets what the profile asks for, on its own floor', async () => {
  const { levels, vector } = await logIn('library', { profile: 'proofed-person' })
  expect(levels.map(({ axis, level }) => [axis, level])).toEqual([
    ['AAL', 'AAL2'],
    ['IAL', 'IAL2'],
  ])
  expect(vector).toBeUndefined()
})
