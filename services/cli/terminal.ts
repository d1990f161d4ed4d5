import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { ServiceError } from '../kernel/errors.ts'
import { Secret } from '../kernel/secret.ts'

export interface Option {
  readonly value: string
  readonly label: string
}

/** A person at a terminal, or a program that writes lines. `TerminalClosed` when there is no answer. */
export interface Terminal {
  say(text: string): void
  ask(question: string): Promise<string>
  /** What is typed is not shown, not even how long it is. */
  askSecret(question: string): Promise<Secret<string>>
  choose(question: string, options: readonly Option[]): Promise<string>
  confirm(question: string): Promise<boolean>
  close(): void
}

/** The person left, or the lines were at an end. */
export class TerminalClosed extends ServiceError {
  readonly code = 'CANCELLED'

  constructor() {
    super('stopped before the end; nothing more was done')
  }
}

type Input = Readable & { readonly isTTY?: boolean }
type Output = Writable & { readonly isTTY?: boolean }

/** Questions with cursor keys at a terminal, plain lines elsewhere. */
export async function openTerminal(input: Input, output: Output): Promise<Terminal> {
  return input.isTTY === true && output.isTTY === true
    ? promptTerminal(input, output)
    : lineTerminal(input, output)
}

async function promptTerminal(input: Readable, output: Writable): Promise<Terminal> {
  const { confirm, isCancel, log, password, select, text } = await import('@clack/prompts')
  const streams = { input, output }
  async function answered<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
    const given = await answer
    if (isCancel(given)) throw new TerminalClosed()
    return given as Exclude<T, symbol> // the only symbol is the one that `isCancel` knows
  }
  return {
    say: (message) => log.message(message, { output }),
    ask: async (message) => (await answered(text({ message, ...streams }))).trim(),
    askSecret: async (message) =>
      new Secret(await answered(password({ message, mask: '', ...streams }))),
    choose: (message, options) =>
      answered(select({ message, options: options.map((option) => ({ ...option })), ...streams })),
    confirm: (message) => answered(confirm({ message, initialValue: false, ...streams })),
    close: () => undefined,
  }
}

/** One line per answer: a choice by its number or value, `yes` for a confirmation. */
function lineTerminal(input: Readable, output: Writable): Terminal {
  // Without a terminal nothing echoes what is read.
  const reader = createInterface({ input, terminal: false })
  const lines = reader[Symbol.asyncIterator]()
  const say = (text: string): void => void output.write(`${text}\n`)
  async function ask(question: string): Promise<string> {
    say(question)
    const { value, done } = await lines.next()
    if (done === true) throw new TerminalClosed()
    return value
  }
  return {
    say,
    ask: async (question) => (await ask(question)).trim(),
    askSecret: async (question) => new Secret(await ask(question)),
    choose: async (question, options) => {
      const list = options.map(({ value, label }, index) => `  ${index + 1}. ${label} [${value}]`)
      const answer = (await ask([question, ...list].join('\n'))).trim()
      return options[Number(answer) - 1]?.value ?? answer
    },
    confirm: async (question) => /^(y|yes|はい)$/i.test((await ask(`${question} [yes/no]`)).trim()),
    close: () => reader.close(),
  }
}
