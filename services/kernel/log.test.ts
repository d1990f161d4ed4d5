import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { Secret } from './secret.ts'

function capture(): { log: ReturnType<typeof createLog>; text: () => string } {
  const lines: string[] = []
  return {
    log: createLog('debug', { write: (line: string) => void lines.push(line) }),
    text: () => lines.join(''),
  }
}

describe('log', () => {
  test('writes the code and the listed fields', () => {
    const { log, text } = capture()
    log.child({ correlationId: 'c1' }).info('PROOFING_REFUSED', { reason: 'CERTIFICATE_REVOKED' })
    expect(JSON.parse(text())).toMatchObject({
      msg: 'PROOFING_REFUSED',
      reason: 'CERTIFICATE_REVOKED',
      correlationId: 'c1',
    })
  })
  test('drops every field that is not listed', () => {
    const { log, text } = capture()
    log.info('READY', { reason: 'x', name: 'canary-山田' } as { reason: string })
    expect(text()).not.toContain('canary')
  })
  test('keeps class, code and place of an error, never its message', () => {
    const { log, text } = capture()
    log.error(
      'REQUEST_FAILED',
      {},
      Object.assign(new RangeError('canary\n    at canary'), { code: 'E_X' }),
    )
    expect(JSON.parse(text())).toMatchObject({ error: { name: 'RangeError', code: 'E_X' } })
    expect(text()).not.toContain('canary')
  })
})

test('a secret turns into no text that shows it', () => {
  const secret = new Secret('canary')
  expect(
    [secret.toString(), JSON.stringify({ secret }), inspect({ secret }), String(secret)].join(),
  ).not.toContain('canary')
  expect(secret.reveal()).toBe('canary')
})
