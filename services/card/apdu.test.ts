import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../kernel/bytes.ts'
import { encodeCommand, encodeResponse, parseCommand, parseResponse } from './apdu.ts'

const header = { cla: 0x00, ins: 0xb0, p1: 0x01, p2: 0x02 }
const zeros = (length: number) => new Uint8Array(length)

describe('commands', () => {
  test.each([
    ['case 1', {}, '00b00102'],
    ['case 2 short', { le: 16 }, '00b0010210'],
    ['case 2 short, 256 bytes', { le: 256 }, '00b0010200'],
    ['case 2 extended', { le: 257 }, '00b00102000101'],
    ['case 2 extended, 65536 bytes', { le: 65_536 }, '00b00102000000'],
    ['case 3 short', { data: fromHex('aabb') }, '00b0010202aabb'],
    ['case 4 short', { data: fromHex('aabb'), le: 256 }, '00b0010202aabb00'],
    ['case 4 extended', { data: fromHex('aabb'), le: 300 }, '00b00102000002aabb012c'],
  ])('are written as %s', (_name, body, expected) => {
    expect(toHex(encodeCommand({ ...header, ...body }))).toBe(expected)
  })

  test('use the extended form for data over 255 bytes', () => {
    const encoded = encodeCommand({ ...header, data: zeros(256) })
    expect(toHex(encoded.slice(0, 7))).toBe('00b00102000100')
    expect(encoded.length).toBe(7 + 256)
  })

  test.each([
    ['a header byte over 255', { ...header, p1: 256 }],
    ['a header byte under 0', { ...header, ins: -1 }],
    ['Le 0', { ...header, le: 0 }],
    ['Le over 65536', { ...header, le: 65_537 }],
    ['too much data', { ...header, data: zeros(65_536) }],
  ])('cannot have %s', (_name, command) => {
    expect(() => encodeCommand(command)).toThrow(TypeError)
  })

  test('are read as they were written', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    const data = fc.option(fc.uint8Array({ minLength: 1, maxLength: 600 }), { nil: undefined })
    const le = fc.option(fc.integer({ min: 1, max: 65_536 }), { nil: undefined })
    fc.assert(
      fc.property(byte, byte, byte, byte, data, le, (cla, ins, p1, p2, body, length) => {
        const command = {
          cla,
          ins,
          p1,
          p2,
          ...(body && { data: new Uint8Array(body) }),
          ...(length !== undefined && { le: length }),
        }
        expect(parseCommand(encodeCommand(command))).toEqual(command)
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['half a header', '00b001'],
    ['data shorter than Lc', '00b0010203aabb'],
    ['data longer than Lc and Le', '00b0010201aabbcc'],
    ['an extended length cut short', '00b001020001'],
    ['extended data shorter than Lc', '00b00102000003aabb'],
    ['an extended Lc of 0 with data', '00b00102000000aa'],
  ])('with lengths that do not agree are refused: %s', (_name, hex) => {
    expect(parseCommand(fromHex(hex))).toBeUndefined()
  })

  test('of any bytes are read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const command = parseCommand(bytes)
        if (command?.data) expect(command.data.length).toBeLessThanOrEqual(bytes.length - 5)
      }),
    )
  })
})

describe('responses', () => {
  test('are read as they were written', () => {
    const response = { data: fromHex('0102'), sw: 0x63c2 }
    expect(toHex(encodeResponse(response))).toBe('010263c2')
    expect(parseResponse(fromHex('010263c2'))).toEqual(response)
  })

  test.each([0, 1, 65_539])('of %i bytes are refused', (length) => {
    expect(() => parseResponse(zeros(length))).toThrow(
      expect.objectContaining({ code: 'CARD_PROTOCOL' }),
    )
  })
})
