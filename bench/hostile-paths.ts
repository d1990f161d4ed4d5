import { verifyPath } from '../services/jpki/verify-path.ts'
import { cpuMilliseconds } from './measure.ts'
import { hostileRequests } from '../test/pki/hostile.ts'
import { issue } from '../test/pki/issue-path.ts'
import { pathRequest } from '../test/pki/path-request.ts'

export interface HostileRow {
  readonly what: string
  readonly bytes: number
  readonly milliseconds: number
}

// Runs in a process of its own: CPU time of the first answer to each hostile request, and a first answer has nothing warm but what
// one honest path has loaded: OpenSSL's tables and the code itself, which no input is to be charged for. The requests' own making
// leaves garbage, which is not theirs to collect.
const root = issue('Root', { authority: true })
const honest = pathRequest(issue('Target', { issuer: root }), [root])
if (verifyPath(honest).indication !== 'PASSED') throw new Error('an honest path does not pass')
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
