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
    const isIn = (subtree: GeneralName): boolean => {
      this.#budget.comparison()
      return within(name, subtree) !== false
    }
    const isInForCertain = (subtree: GeneralName): boolean => {
      this.#budget.comparison()
      return within(name, subtree) === true
    }
    if (this.#excluded.some((subtree) => sameForm(name, subtree) && isIn(subtree))) return false
    return this.#permitted.every((permitted) => {
      const ofForm = permitted.filter((subtree) => sameForm(name, subtree))
      return ofForm.length === 0 || ofForm.some(isInForCertain)
    })
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
      return name.kind === 'email' ? emailWithin(name.text, subtree.text) : false
    case 'uri':
      return name.kind === 'uri' ? uriWithin(name.uri, subtree.uri) : false
    case 'ip':
      return name.kind === 'ip' ? addressWithin(name.octets, subtree.octets) : false
    case 'otherName':
    case 'unread':
      return null
    default:
      return subtree satisfies never
  }
}

/** A host, or one that ends with labels of its own before it. */
function hostWithin(host: string, constraint: string): boolean {
  const a = host.toLowerCase()
  const b = constraint.toLowerCase()
  if (b === '') return true
  return a === b || a.endsWith(b.startsWith('.') ? b : `.${b}`)
}

/** A mailbox, all mailboxes of a host, or with a leading dot those of all hosts of a domain. */
function emailWithin(mailbox: string, constraint: string): boolean | null {
  const at = mailbox.lastIndexOf('@')
  if (at < 1 || at === mailbox.length - 1) return null
  const host = mailbox.slice(at + 1).toLowerCase()
  const b = constraint.toLowerCase()
  if (constraint.includes('@')) {
    const split = constraint.lastIndexOf('@')
    return mailbox.slice(0, at) === constraint.slice(0, split) && host === b.slice(split + 1)
  }
  return b.startsWith('.') ? host.endsWith(b) : host === b
}

/** By the host of the URI, which must be a name: a constraint says nothing of addresses or of URIs without a host. */
function uriWithin(uri: string, constraint: string): boolean | null {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1]
  const host = authority
    ?.replace(/^.*@/, '')
    .replace(/:[0-9]*$/, '')
    .toLowerCase()
  if (host === undefined || host === '' || host.startsWith('[') || /^[0-9.]+$/.test(host))
    return null
  const b = constraint.toLowerCase()
  return b.startsWith('.') ? host.endsWith(b) : host === b
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
