import type { Certificate } from '../certificate.ts'
import type { NameConstraints } from '../extensions.ts'
import type { GeneralName } from '../general-name.ts'
import { isWithin } from '../name.ts'
import { ATTRIBUTE_TYPE } from '../oids.ts'
import type { Budget } from './budget.ts'

/**
 * Permitted and excluded subtrees gathered along a path (RFC 5280 §6.1.1 (b), (c); §4.2.1.10). A constraint of a form
 * that we cannot compare refuses every name of that form.
 */
export class NameSpace {
  /** One list per certificate that permits anything: a name has to be within each. */
  readonly #permitted: (readonly GeneralName[])[] = []
  readonly #excluded: GeneralName[] = []
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  narrow({ permitted, excluded }: NameConstraints): void {
    if (permitted.length > 0) this.#permitted.push(permitted)
    this.#excluded.push(...excluded)
  }

  /** Whether every name of the certificate, in its subject and beside it, is inside. */
  holds(certificate: Certificate): boolean {
    if (this.#permitted.length === 0 && this.#excluded.length === 0) return true
    return namesOf(certificate).every((name) => this.#contains(name))
  }

  #contains(name: GeneralName): boolean {
    const isExcluded = this.#ofForm(name, this.#excluded).some(
      (subtree) => within(name, subtree) !== false,
    )
    if (isExcluded) return false
    return this.#permitted.every((permitted) => {
      const ofForm = this.#ofForm(name, permitted)
      return ofForm.length === 0 || ofForm.some((subtree) => within(name, subtree) === true)
    })
  }

  #ofForm(name: GeneralName, subtrees: readonly GeneralName[]): readonly GeneralName[] {
    this.#budget.comparisons(subtrees.length * weightOf(name))
    return subtrees.filter((subtree) => sameForm(name, subtree))
  }
}

function namesOf({ subject, subjectAltName }: Certificate): GeneralName[] {
  const emails = subject.rdns
    .flat()
    .filter(({ type }) => type === ATTRIBUTE_TYPE.emailAddress)
    .map(({ text }): GeneralName => ({ kind: 'email', text: text ?? '' }))
  const own: GeneralName[] =
    subject.rdns.length > 0 ? [{ kind: 'directoryName', name: subject }] : []
  return [...own, ...emails, ...subjectAltName]
}

/** A comparison reads the whole text of a name. */
function weightOf(name: GeneralName): number {
  const text = 'text' in name ? name.text : 'uri' in name ? name.uri : null
  return 1 + (text?.length ?? 0) / 128
}

function sameForm(name: GeneralName, subtree: GeneralName): boolean {
  if (name.kind === 'unread' && subtree.kind === 'unread') return name.tag === subtree.tag
  return name.kind === subtree.kind
}

/** Whether the name is in the subtree; null when this form, or this name, cannot be compared. */
function within(name: GeneralName, subtree: GeneralName): boolean | null {
  switch (subtree.kind) {
    case 'directoryName':
      return name.kind === 'directoryName' && isWithin(name.name, subtree.name)
    case 'dns':
      return name.kind === 'dns' && hostWithin(name.text, subtree.text)
    case 'email':
      return name.kind === 'email' && emailWithin(name.text, subtree.text)
    case 'uri':
      return name.kind === 'uri' && uriWithin(name.uri, subtree.uri)
    case 'ip':
      return name.kind === 'ip' && addressWithin(name.octets, subtree.octets)
    case 'otherName':
    case 'unread':
      return null
    default:
      return subtree satisfies never
  }
}

/** Labels of letters, digits, hyphens and underscores: any other text is no host that could be compared. */
const HOST = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/

/** A host, or one that ends with labels of its own before it; a constraint may begin with a dot, or be empty for all. */
function hostWithin(host: string, constraint: string): boolean | null {
  const a = host.toLowerCase()
  const b = constraint.toLowerCase()
  if (b === '') return true
  const domain = b.startsWith('.') ? b.slice(1) : b
  const isWildcard = a.startsWith('*.')
  if (!HOST.test(isWildcard ? a.slice(2) : a) || !HOST.test(domain)) return null
  if (a.endsWith(`.${domain}`) || (a === domain && b === domain)) return true
  // `*.example.com` stands for `www.example.com` too: in part inside, which is neither in nor out.
  return isWildcard && domain.endsWith(a.slice(1)) ? null : false
}

/** A mailbox, all mailboxes of a host, or with a leading dot those of all hosts of a domain. */
function emailWithin(mailbox: string, constraint: string): boolean | null {
  const at = mailbox.lastIndexOf('@')
  const host = mailbox.slice(at + 1).toLowerCase()
  if (at < 1 || !HOST.test(host)) return null
  const split = constraint.lastIndexOf('@')
  const domain = constraint.slice(split + 1).toLowerCase()
  if (split === -1) return hostOrSubdomain(host, domain)
  return mailbox.slice(0, at) === constraint.slice(0, split) && host === domain
}

/** By the host of the URI, which must be a name: a constraint says nothing of addresses or of URIs without a host. */
function uriWithin(uri: string, constraint: string): boolean | null {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1]
  const host = authority
    ?.replace(/^.*@/, '')
    .replace(/:[0-9]*$/, '')
    .toLowerCase()
  if (host === undefined || !HOST.test(host) || /^[0-9.]+$/.test(host)) return null
  return hostOrSubdomain(host, constraint.toLowerCase())
}

/** The host itself, or with a leading dot every host below it and not itself (§4.2.1.10 for email and URI). */
function hostOrSubdomain(host: string, constraint: string): boolean | null {
  const isDomain = constraint.startsWith('.')
  if (!HOST.test(isDomain ? constraint.slice(1) : constraint)) return null
  return isDomain ? host.endsWith(constraint) : host === constraint
}

/** Address and mask of 8 or 32 octets; the mask has to be ones and then zeros (RFC 4632). */
function addressWithin(address: Uint8Array, constraint: Uint8Array): boolean | null {
  const length = constraint.length / 2
  if ((length !== 4 && length !== 16) || (address.length !== 4 && address.length !== 16))
    return null
  if (!isPrefixMask(constraint.subarray(length))) return null
  if (address.length !== length) return false
  return address.every((octet, i) => {
    const mask = constraint[length + i] ?? 0
    return (octet & mask) === ((constraint[i] ?? 0) & mask)
  })
}

function isPrefixMask(mask: Uint8Array): boolean {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits)
}
