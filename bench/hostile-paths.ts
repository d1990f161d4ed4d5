import { verifyPath } from '../services/jpki/verify-path.ts'
import { hostileRequests } from '../test/pki/hostile.ts'

interface HostileRow {
  readonly what: string
  readonly bytes: number
  readonly milliseconds: number
}

/** CPU time of the first answer to each hostile request; a first answer has nothing warm. */
export function benchHostilePaths(): HostileRow[] {
  return hostileRequests().map(({ what, request }) => {
    const { certificate, intermediates, crls } = request
    const bytes = [certificate, ...intermediates, ...crls].reduce((sum, der) => sum + der.length, 0)
    const before = process.cpuUsage()
    if (verifyPath(request).indication === 'PASSED') throw new Error(`passed: ${what}`)
    const { user, system } = process.cpuUsage(before)
    return { what, bytes, milliseconds: (user + system) / 1e3 }
  })
}
