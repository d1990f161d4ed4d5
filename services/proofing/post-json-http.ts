import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { utf8 } from '../kernel/bytes.ts'
import type { AskSource } from './source-http.ts'

const TIMEOUT = 3_000
const MAX_ANSWER = 65_536

const Refused = Type.Object({ error: Type.Object({ code: Type.String({ maxLength: 80 }) }) })

/** What a service answers to JSON, whatever its status; undefined for no answer, or one that is no JSON. */
export async function postJson(ask: AskSource, url: string, question: object): Promise<unknown> {
  try {
    const { body } = await ask({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: utf8(JSON.stringify(question)),
      timeout: TIMEOUT,
      cap: MAX_ANSWER,
    })
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    // An unreachable service is an answer here: the caller fails closed. The cause may quote the request, so it is dropped.
    return undefined
  }
}

/** The code with which a service refuses, or undefined where the answer is no refusal. */
export function refusalCode(answer: unknown): string | undefined {
  return Value.Check(Refused, answer) ? answer.error.code : undefined
}
