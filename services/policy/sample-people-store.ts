import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FactsValidator } from '../kernel/facts-check.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { Text } from './language/text.ts'
import type { Facts } from './language/judged-facts.ts'

/** Somebody made up, whom authors see beside the rules. */
export interface SamplePerson {
  readonly id: string
  readonly title: Text
  readonly facts: Facts
}

const FILE = 'sample-people.json'

/**
 * Reads `sample-people.json` beside the packs; none where it is not there.
 * @throws InvalidInput for another form, or facts against the schema
 */
export function readSamplePeople(directory: string, validator: FactsValidator): SamplePerson[] {
  const file = join(directory, FILE)
  if (!existsSync(file)) return []
  const people: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(people)) throw new InvalidInput(FILE, 'a list of people')
  return people.map((person: unknown, i) => {
    const { id, title, facts } = Object(person) as Record<string, unknown>
    const { ja, en } = Object(title) as Record<string, unknown>
    if (typeof id !== 'string' || typeof ja !== 'string' || typeof en !== 'string')
      throw new InvalidInput(`${FILE} ${i}`, '`id`, `title` in ja and en, and `facts`')
    return { id, title: { ja, en }, facts: validator.facts(facts, `${FILE} ${i}: facts`) }
  })
}
