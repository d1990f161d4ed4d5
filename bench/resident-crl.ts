import { readFileSync } from 'node:fs'
import { verifyCrl } from '../services/jpki/crl.ts'
import { issueAuthority } from '../test/pki/issue.ts'

export interface ResidentCrl {
  readonly residentMegabytes: number
}

// Runs in a process of its own that did not make the list: memory that the process holds once the list in the file given is verified
// and indexed, above what it held with the file read, in MiB. The authority's key is the same in every process.
const { anchor } = issueAuthority('signature')
const bytes = readFileSync(process.argv[2] ?? '')
const before = settled()
const crl = verifyCrl(bytes, anchor)
if (typeof crl === 'string') throw new Error(`the bench's own CRL is refused: ${crl}`)
const figures: ResidentCrl = { residentMegabytes: (settled() - before) / 2 ** 20 }
if (crl.crl.entries.find(Uint8Array.of(0x7f, 0, 0, 1)) !== null)
  throw new Error('an absent serial is found')
console.log(JSON.stringify(figures))

function settled(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().rss
}
