import { InvalidInput } from '../kernel/errors.ts'
import type { PolicyAuthors } from './release/authors.ts'

/** Where the operator's face takes the order about authors of policies. */
export const AUTHORS_PATH = '/policy/authors'

/**
 * Grants or takes the role of author where `{"code": "…", "granted": true}` asks for it, and lists who has it or asked.
 * @throws InvalidInput for another form; NotFound for a code that nobody asked with
 */
export async function orderAboutAuthors(
  authors: Pick<PolicyAuthors, 'list' | 'grantRole'>,
  unverifiedBody: unknown,
): Promise<object> {
  const { code, granted } = Object(unverifiedBody) as Record<string, unknown>
  if (code !== undefined) {
    if (typeof code !== 'string' || !/^[0-9a-f]{16}$/.test(code))
      throw new InvalidInput('code', 'the code of an author: 16 hexadecimal digits')
    if (typeof granted !== 'boolean') throw new InvalidInput('granted', 'true or false')
    await authors.grantRole(code, granted)
  }
  return { authors: await authors.list() }
}
