import { parseCertificate, type Certificate } from '../../services/jpki/certificate.ts'
import { parseCrl } from '../../services/jpki/crl.ts'
import { toHex } from '../../services/kernel/bytes.ts'
import { NOW } from '../pki/issue.ts'
import type { Mutant } from './mutant.ts'

/** A path of which every part can be read: one that is accepted. */
interface ReadPath {
  readonly target: Certificate
  readonly authority: Certificate
  readonly root: Certificate
  readonly lists: readonly Pick<Certificate, 'authorityKeyIdentifier'>[]
}

/** What a mutant has that explains why the other judge refuses it: read from the mutant, not from the judge's words. */
const FACTS: Readonly<Record<string, (path: ReadPath) => boolean>> = {
  /** A key identifier, or the issuer and serial beside it, names another certificate than the one that signed. */
  'names another key': ({ target, authority, root, lists }) =>
    namesAnother(target, authority) ||
    namesAnother(authority, root) ||
    lists.some((list) => namesAnother(list, authority)),
  'an authority without key usage': ({ authority }) => authority.keyUsage === null,
  'an authority without a key identifier': ({ authority }) =>
    authority.subjectKeyIdentifier === null,
  'basic constraints that are not critical': ({ target, authority }) =>
    [target, authority].some(({ extensions }) =>
      extensions.some(({ oid, critical }) => oid === '2.5.29.19' && !critical),
    ),
  'a name with a value that is no string': ({ target, authority }) =>
    [target, authority].some(({ subject }) =>
      subject.rdns.flat().some(({ text }) => text === null),
    ),
  'a validity that ends at this very second': ({ target, authority }) =>
    [target, authority].some(({ notAfter }) => notAfter.at.getTime() === NOW.getTime()),
  'a target that maps policies': ({ target }) => target.policyMappings.length > 0,
}

/** Whether the fact is true of the mutant; a rule that names an unknown one is a mistake in the rules. */
export function isTrueOf(fact: string, mutant: Mutant): boolean {
  const holds = FACTS[fact]
  if (holds === undefined) throw new TypeError(`no such fact: ${fact}`)
  if (!('crls' in mutant)) return false
  const [authority] = mutant.intermediates.map(parseCertificate)
  if (authority === undefined) return false
  const lists = mutant.crls.slice(1).map(parseCrl)
  const [target, root] = [mutant.target, mutant.root].map(parseCertificate)
  return target !== undefined && root !== undefined && holds({ target, authority, root, lists })
}

function namesAnother(
  { authorityKeyIdentifier: named }: Pick<Certificate, 'authorityKeyIdentifier'>,
  { subjectKeyIdentifier: own, serial, issuer }: Certificate,
): boolean {
  if (named === null) return false
  const { keyIdentifier } = named
  if (keyIdentifier !== null && own !== null && toHex(keyIdentifier) !== toHex(own)) return true
  if (named.serial !== null && toHex(named.serial) !== toHex(serial)) return true
  const names = named.issuer?.filter((name) => name.kind === 'directoryName') ?? []
  return names.some(({ name }) => toHex(name.encoding) !== toHex(issuer.encoding))
}
