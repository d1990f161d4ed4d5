import { verifyPath } from '../services/jpki/verify-path.ts'
import { cpuMilliseconds } from './measure.ts'
import { hostileRequests } from '../test/pki/hostile.ts'

export interface HostileRow {
  readonly what: string
  readonly bytes: number
  readonly milliseconds: number
}

// Runs in a process of its own: CPU time of the first answer to each hostile request, and a first answer has nothing warm. The
// requests' own making leaves garbage, which is not theirs to collect.
const rows = hostileRequests().map(({ what, request }): HostileRow => {
  const { certificate, intermediates, crls } = request
  const bytes = [certificate, ...intermediates, ...crls].reduce((sum, der) => sum + der.length, 0)
  globalThis.gc?.()
  const milliseconds = cpuMilliseconds(() => {
    if (verifyPath(request).indication === 'PASSED') throw new Error(`passed: ${what}`)
  })
  return { what, bytes, milliseconds }
})
console.log(JSON.stringify(rows))
