import { afterEach, expect, test } from 'vitest'
import { createOperatorFace, type OperatorFace } from './operator-http.ts'

let face: OperatorFace
afterEach(() => face.close())

async function started(notReady: string[]): Promise<string> {
  face = createOperatorFace({
    notReady: () => notReady,
    gauges: { watashi_outbox_depth: { description: 'events not yet relayed', read: () => 3 } },
  })
  return `http://127.0.0.1:${await face.listen(0)}`
}

test('says that the process lives, is ready, and what it measures', async () => {
  const base = await started([])
  expect((await fetch(`${base}/health/live`)).status).toBe(200)
  expect((await fetch(`${base}/health/ready`)).status).toBe(200)
  const metrics = await (await fetch(`${base}/metrics`)).text()
  expect(metrics).toMatch(/^watashi_outbox_depth(\{.*\})? 3$/m)
  expect(metrics).not.toContain('service_name')
  expect(metrics).not.toContain(process.execPath)
})

test('is not ready while a part lags, and says which', async () => {
  const base = await started(['CONSUMER_LAGS'])
  const reply = await fetch(`${base}/health/ready`)
  expect(reply.status).toBe(503)
  expect(await reply.text()).toContain('CONSUMER_LAGS')
})

test('serves nothing else', async () => {
  expect((await fetch(`${await started([])}/config`)).status).toBe(404)
})
