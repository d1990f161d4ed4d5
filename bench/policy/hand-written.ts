import type { View } from './view.ts'

/** Levels of both axes, without the rules that gave them: somebody wrote this for speed, with one pass over each list. */
export interface Levels {
  readonly identity: number
  readonly login: number
}

const DAY = 86_400
const STRONG = 1
const SUPERIOR = 2

export function handWritten(view: View): Levels {
  return { identity: identity(view), login: login(view) }
}

function identity({ now, proofing, checks, evidence, binding, recovery }: View): number {
  let genuine = 0
  let strong = false
  let photo = false
  let jpki = false
  let owned = false
  let currentStrong = 0
  let strongFace = false
  let account = false
  let topFace = false
  let top = 0
  let card = false
  let pinned = false
  let revoked = false
  for (const e of evidence) {
    let byPin = false
    let byFace = false
    let byTransfer = false
    for (const h of e.holder) {
      if (!h.ok) continue
      if (h.method === 'pin') byPin = true
      else if (h.method === 'microtx') byTransfer = true
      else if (h.pad && (h.method === 'face_auto' || h.method === 'face_visual')) byFace = true
    }
    if (byPin) pinned = true
    if (e.revoked) {
      revoked = true
      continue
    }
    if (byTransfer && e.cls === 'financial_account') account = true
    if (byPin && byFace && e.kind === 'mynumber_card') card = true
    let authentic = false
    let chained = false
    for (const c of e.authentic) {
      if (!c.ok) continue
      authentic = true
      if (c.method === 'crypto') chained = true
    }
    if (!authentic) continue
    genuine += 1
    if (e.cls === 'gov_photo_id') photo = true
    if (chained && e.kind === 'jpki_sign_cert') jpki = true
    if (e.strength < STRONG) continue
    strong = true
    if (chained && byFace) strongFace = true
    if (e.expires_at <= now) continue
    currentStrong += 1
    if (e.strength !== SUPERIOR) continue
    if (byFace || byPin) owned = true
    if (chained) top += 1
    if (chained && byFace) topFace = true
  }
  let matched = false
  for (const m of checks.match)
    if (m.ok && (m.scope === 'core' || m.scope === 'all')) matched = true
  let recorded = false
  for (const r of checks.recorded) if (r.ok && r.purpose === 'non_repudiation') recorded = true

  const attended =
    proofing.channel === 'face_to_face' || proofing.channel === 'onsite_kiosk_attended'
  const age = now - proofing.at
  let level = 0
  if (
    attended &&
    ((recorded && topFace) ||
      (matched && proofing.consent && top >= 2) ||
      (card && age <= 365 * DAY))
  )
    level = 4
  else if (
    (matched && (owned || (proofing.consent && currentStrong >= 2) || (photo && account))) ||
    (attended && strongFace)
  )
    level = 3
  else if ((matched && (strong || genuine >= 2)) || (attended && photo) || jpki) level = 2
  else if (genuine > 0 || (matched && proofing.consent) || recovery.proofed >= 1) level = 1

  if (level > 3 && (age > 3650 * DAY || binding.method === 'remote_later')) level = 3
  if (
    level > 2 &&
    (revoked ||
      (proofing.channel === 'remote_unattended' && !pinned) ||
      (binding.external && binding.code_age_s > 600))
  )
    level = 2
  if (level > 1) for (const c of checks.death_check) if (c.failed) level = 1
  return level
}

function login({ auth, session, binding, authenticator, rp }: View): number {
  if (authenticator.status === 'suspended' || authenticator.status === 'revoked') return 0
  let password = 0
  let possessed = 0
  let lookup = false
  let multi = false
  let replayResistant = false
  let originBound = false
  let biometric = false
  let isolated = false
  let isolatedMulti = false
  let certified = 0
  let attested = false
  let phishingResistant = 0
  let telephone = false
  let synced = true
  for (const f of auth.factors) {
    const { type } = f
    if (!f.bs && !f.exportable) synced = false
    if ((type === 'oob' || type === 'mf_oob') && (f.channel === 'sms' || f.channel === 'voice'))
      telephone = true
    if (f.status !== 'active') continue
    if (f.phishing_resistant) phishingResistant += 1
    switch (type) {
      case 'password':
        if (f.length > password) password = f.length
        continue
      case 'biometric':
        biometric = true
        continue
      case 'lookup_secret':
        lookup = true
        break
      case 'oob':
      case 'sf_otp':
      case 'sf_crypto':
        break
      case 'mf_oob':
      case 'mf_otp':
      case 'mf_crypto':
        if (f.uv && f.replay_resistant) multi = true
        break
      default:
        continue
    }
    possessed += 1
    if (f.replay_resistant) replayResistant = true
    if (f.origin_bound) originBound = true
    if (type !== 'sf_crypto' && type !== 'mf_crypto') continue
    if (!f.hardware || f.exportable || !f.phishing_resistant) continue
    isolated = true
    if (f.fips >= 2) certified += 1
    if (type === 'mf_crypto' && f.uv) {
      if (f.intent) isolatedMulti = true
      if (f.fips >= 3 && f.attestation === 'verified') attested = true
    }
  }
  let level = 0
  if ((attested && session.age_s <= 3600) || (certified >= 2 && session.reauth.session_secret))
    level = 4
  else if (isolatedMulti || (isolated && password >= 8) || phishingResistant >= 2) level = 3
  else if (
    multi ||
    (replayResistant && password >= 8) ||
    possessed >= 2 ||
    (biometric && originBound)
  )
    level = 2
  else if (possessed > 0 || password >= 15 || (lookup && rp.signature_verifier)) level = 1

  if (level > 3 && (session.age_s > 12 * 3600 || synced)) level = 3
  if (
    level > 2 &&
    (telephone ||
      (session.idle_s > 3600 && !session.reauth.session_secret) ||
      (binding.session_aal === 0 && binding.account_max_aal > 0 && !binding.same_protected_session))
  )
    level = 2
  if (level > 1 && (session.age_s > 30 * DAY || authenticator.consecutive_failures >= 100))
    level = 1
  return level
}
