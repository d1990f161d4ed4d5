import Database from 'better-sqlite3'
import type { GeneratedProgram } from '../../services/policy/language/generated-program.ts'
import type { Facts } from '../../services/policy/language/judged-facts.ts'
import { cpuMilliseconds } from '../measure.ts'
import { CODED_NOW, type Population } from './population.ts'

const ROWS = 20_000
const RUNS = 5

/** Everybody scored anew from a database: from coded subjects, and from facts as JSON as long as nobody is coded. */
export function benchColdRescore(
  program: GeneratedProgram,
  population: Population,
): readonly string[] {
  const database = new Database(':memory:')
  try {
    database.exec('CREATE TABLE subjects (id INTEGER PRIMARY KEY, facts TEXT, coded BLOB)')
    const insert = database.prepare('INSERT INTO subjects (facts, coded) VALUES (?, ?)')
    const { facts, words, starts, open } = population
    let bytes = 0
    for (let row = 0; row < ROWS; row += 1) {
      const i = row % facts.length
      const own = words.slice(starts[i], starts[i + 1] ?? words.length)
      const text = JSON.stringify(facts[i])
      bytes += text.length
      insert.run(text, Buffer.from(Int32Array.of(open[i] === true ? 1 : 0, ...own).buffer))
    }
    const [two, three] = [false, true].map((kleene) => program.run({ kleene, finds: 'fired' }))
    const score = (coded: Int32Array, start: number, isOpen: boolean) =>
      (isOpen ? three : two)?.(coded, start, CODED_NOW, CODED_NOW)

    const coder = program.coder()
    const fromFacts = rate(() => {
      for (const { facts: text } of database
        .prepare<[], { facts: string }>('SELECT facts FROM subjects')
        .iterate()) {
        const coded = coder.encode(JSON.parse(text) as Facts)
        if (coded !== undefined) score(coder.words, 0, coded.open)
      }
    })
    const parsed = rate(() => {
      for (const { facts: text } of database
        .prepare<[], { facts: string }>('SELECT facts FROM subjects')
        .iterate())
        JSON.parse(text)
    })
    const fromCodes = rate(() => {
      const rows = database.prepare<[], Buffer>('SELECT coded FROM subjects').pluck()
      for (const blob of rows.iterate()) {
        const coded = new Int32Array(blob.buffer, blob.byteOffset, blob.length >> 2)
        score(coded, 1, coded[0] === 1)
      }
    })
    const text = (perSecond: number) => `${Math.round(perSecond).toLocaleString('en')}/s`
    return [
      `| cold re-score from SQLite, coded subjects | – | scan and parse of the JSON alone: ${text(parsed)} | ${text(fromCodes)} | ≥ 180,000/s |`,
      `| the same from facts as JSON (${Math.round(bytes / ROWS)} bytes), for those who are not coded yet | – | the same | ${text(fromFacts)} | – |`,
    ]
  } finally {
    database.close()
  }
}

/** Subjects per CPU-second, the best of a few runs. */
function rate(run: () => void): number {
  const times = Array.from({ length: RUNS }, () => cpuMilliseconds(run))
  return (ROWS * 1e3) / Math.min(...times)
}
