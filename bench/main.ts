import { appendFileSync, mkdirSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { benchCms } from './cms.ts'
import type { HostileRow } from './hostile-paths.ts'
import { benchLargeCrl } from './large-crl.ts'
import { benchOcsp } from './ocsp.ts'
import { inOwnProcess } from './own-process.ts'
import { benchProofs } from './proof.ts'
import { benchRepeat } from './repeat.ts'
import { writePolicyBench } from './policy.ts'
import { benchThreads } from './threads.ts'

// `npm run bench -- policy` or `-- readers` runs one part alone.
const part = process.argv[2]
if (part !== 'policy') await benchReaders()
if (part !== 'readers') await writePolicyBench()

async function benchReaders(): Promise<void> {
  const rows = [...benchProofs(), benchRepeat(), benchOcsp(), benchCms()]
  const crl = benchLargeCrl()
  const threads = await benchThreads()
  const hostile = inOwnProcess('./hostile-paths.ts') as HostileRow[]
  const micro = (nanoseconds: number): string => `${(nanoseconds / 1e3).toFixed(1)} µs`

  const lines = [
    '| work | floor | floor took | ours took | ratio | of all turns | target |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ work, floor, floorNanoseconds, oursNanoseconds, ratioOfAll, target }) =>
        `| ${work} | ${floor} | ${micro(floorNanoseconds)} | ${micro(oursNanoseconds)} | ${(oursNanoseconds / floorNanoseconds).toFixed(2)}× | ${ratioOfAll.toFixed(2)}× | ${target} |`,
    ),
    `| JPKI proofs in two threads, batches of 16 | one thread | ${threads.one.toFixed(0)}/s | ${threads.two.toFixed(0)}/s | ${(threads.two / threads.one).toFixed(2)}× | – | ≥ 1.7× |`,
    `| 500,000-entry CRL (${(crl.bytes / 2 ** 20).toFixed(1)} MiB): verify and index | reading the file once | ${crl.readMilliseconds.toFixed(1)} ms | ${crl.verifyAndIndexMilliseconds.toFixed(0)} ms | – | – | ≤ 100 ms |`,
    `| … lookup of a serial | – | – | ${crl.lookupMicroseconds.toFixed(2)} µs | – | – | ≤ 0.2 µs |`,
    `| … resident above the file | – | – | ${crl.residentMegabytes.toFixed(0)} MB | – | – | ≤ 40 MB |`,
    ...hostile.map(
      ({ what, bytes, milliseconds }) =>
        `| hostile path: ${what} (${(bytes / 2 ** 10).toFixed(0)} KiB), CPU time | – | – | ${milliseconds.toFixed(0)} ms | – | – | ≤ 50 ms |`,
    ),
  ]
  console.log(lines.join('\n'))

  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const reports = join(import.meta.dirname, '../test/reports')
  mkdirSync(reports, { recursive: true })
  const heading = `## ${new Date().toISOString().slice(0, 16)}Z, commit ${commit}, \`npm run bench\`, Node ${process.version}`
  appendFileSync(join(reports, 'bench.md'), `${heading}\n\n${lines.join('\n')}\n\n`)
}
