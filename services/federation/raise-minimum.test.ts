import { expect, test } from 'vitest'
import { raiseMinimum } from './raise-minimum.ts'

const LADDER = ['none', 'AAL1', 'AAL2', 'AAL3']
const compare = (_framework: string, _axis: string, a: string, b: string) =>
  LADDER.indexOf(a) - LADDER.indexOf(b)
const axis = (name: string, level: string) => ({ framework: 'f', axis: name, level })
const minimum = (...axes: ReturnType<typeof axis>[]) => ({ axes, flags: [] })
const nothing = minimum()

test('a floor is raised by what the request and its profile ask, and lowered by neither', () => {
  const floor = { ...minimum(axis('a', 'AAL2')), flags: ['device_bound'] as const }
  const own = { ...minimum(axis('a', 'AAL1'), axis('b', 'AAL1')), maxAgeSeconds: 600 }
  const profile = { ...minimum(axis('b', 'AAL3')), maxAgeSeconds: 300 }
  expect(raiseMinimum(compare, [floor], { own, profile, vectors: [] })).toEqual({
    axes: [axis('a', 'AAL2'), axis('b', 'AAL3')],
    flags: ['device_bound'],
    maxAgeSeconds: 300,
  })
})

test('each vector stands on the floor: one that asks for little takes nothing from it', () => {
  const vectors = [
    {
      vector: 'C3.Cf',
      minimums: [minimum(axis('a', 'AAL3')), { axes: [], flags: ['device_bound'] as const }],
    },
    { vector: 'C1', minimums: [minimum(axis('a', 'AAL1'))] },
  ]
  const floors = [minimum(axis('a', 'AAL2')), minimum(axis('b', 'AAL1'))]
  expect(raiseMinimum(compare, floors, { own: nothing, vectors })).toEqual({
    axes: [axis('a', 'AAL2'), axis('b', 'AAL1')],
    flags: [],
    anyOf: [
      { vector: 'C3.Cf', axes: [axis('a', 'AAL3'), axis('b', 'AAL1')], flags: ['device_bound'] },
      { vector: 'C1', axes: [axis('a', 'AAL2'), axis('b', 'AAL1')], flags: [] },
    ],
  })
})

test('a request without vectors has no alternatives', () => {
  expect(raiseMinimum(compare, [], { own: nothing, vectors: [] })).not.toHaveProperty('anyOf')
})
