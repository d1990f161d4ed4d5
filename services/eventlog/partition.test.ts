import kafkajs from 'kafkajs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../kernel/bytes.ts'
import { murmur2, partitionOf } from './partition.ts'

test('hashes the known value', () => {
  expect(murmur2(utf8('foobar'))).toBe(-790_332_482)
})

test('sends every key where the default partitioner of Kafka sends it', () => {
  const theirs = kafkajs.Partitioners.DefaultPartitioner()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (key) => {
      const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
        partitionId,
        leader: 1,
      }))
      const message = { key: Buffer.from(key), value: null }
      expect(partitionOf(key, 12)).toBe(
        theirs({ topic: 't', partitionMetadata: partitionMetadata as never, message }),
      )
    }),
    { numRuns: 2000 },
  )
})
