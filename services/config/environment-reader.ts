import { resolve } from 'node:path'
import { ConfigError } from '../kernel/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads variables and remembers everything that is wrong with them, so that who has to mend it is told all of it at once.
 * After a problem a reading goes on with a value that does for reading on; `finish` lets none of it through.
 */
export class EnvironmentReader {
  readonly #environment: Environment
  readonly #problems: string[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** A message that names the variable and says what was expected; it never quotes the value. */
  refuse(problem: string): void {
    if (!this.#problems.includes(problem)) this.#problems.push(problem)
  }

  /** Undefined when the variable is not set, or empty. */
  text(name: string): string | undefined {
    const text = this.#environment[name]
    return text === '' ? undefined : text
  }

  /** Absolute path of the folder or file that the variable names. */
  path(name: string): string | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : resolve(text)
  }

  oneOf<const T extends string>(name: string, values: readonly T[], fallback: NoInfer<T>): T {
    const text = this.text(name)
    if (text === undefined) return fallback
    const value = values.find((candidate) => candidate === text)
    if (value === undefined) this.refuse(`\`${name}\`: expected one of ${values.join(', ')}`)
    return value ?? fallback
  }

  whole(
    name: string,
    limits: { readonly from: number; readonly to: number; readonly what: string },
    fallback: number,
  ): number {
    const text = this.text(name)
    if (text === undefined) return fallback
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
    if (value >= limits.from && value <= limits.to) return value
    this.refuse(`\`${name}\`: expected ${limits.what} from ${limits.from} to ${limits.to}`)
    return fallback
  }

  port(name: string, fallback: number): number {
    return this.whole(name, { from: 0, to: 65_535, what: 'a port (0 = a free one)' }, fallback)
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name)
    if (text === undefined) return fallback
    if (text !== '0' && text !== '1') this.refuse(`\`${name}\`: expected 0 or 1`)
    return text === '1'
  }

  /** @throws ConfigError with every problem, when there is any */
  finish(): void {
    const [first, ...more] = this.#problems
    if (first === undefined) return
    if (more.length === 0) throw new ConfigError(first)
    const list = this.#problems.map((problem) => `- ${problem}`).join('\n')
    throw new ConfigError(`${this.#problems.length} things to set or to mend:\n${list}`)
  }
}
