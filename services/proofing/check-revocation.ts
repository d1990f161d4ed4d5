import type { VerifiedCertificate } from '../jpki/verify-application.ts'
import { createAskRevocation, type RevocationAnswer } from './ask-revocation.ts'
import { countCheck, type CountedCheck } from './count-checks.ts'
import type { SubmissionParts } from './submission.ts'

/** Asks the sources about a certificate that a person showed just now, and counts that they were asked. */
export async function checkRevocation(
  parts: SubmissionParts,
  { certificate, issuer }: VerifiedCertificate,
  counted: CountedCheck,
): Promise<RevocationAnswer> {
  const { database, store, clock } = parts
  const ask = createAskRevocation(parts)
  await countCheck(parts, counted)
  return ask({
    target: certificate,
    issuer,
    at: clock.now(),
    lowestNumber: (point) => database.read((tx) => store.crlNumber(tx, point)),
  })
}
