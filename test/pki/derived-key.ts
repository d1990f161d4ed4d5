import {
  checkPrimeSync,
  createECDH,
  createHash,
  createPrivateKey,
  type KeyObject,
} from 'node:crypto'

/** As many octets as wanted that a label stands for. */
function octetsOf(label: string, count: number): Buffer {
  return createHash('shake256', { outputLength: count }).update(label).digest()
}

/** The RSA key that a label stands for: tests that show bytes have to find the same ones in the next run. */
export function derivedRsaKey(label: string, bits: number, exponent: number): KeyObject {
  const e = BigInt(exponent)
  const p = derivedPrime(`${label}:p`, bits / 2, e)
  const q = derivedPrime(`${label}:q`, bits / 2, e)
  const d = inverse(e, (p - 1n) * (q - 1n))
  const numbers = {
    n: p * q,
    e,
    d,
    p,
    q,
    dp: d % (p - 1n),
    dq: d % (q - 1n),
    qi: inverse(q, p),
  }
  const jwk = Object.fromEntries(Object.entries(numbers).map(([name, n]) => [name, base64Url(n)]))
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' })
}

/** A prime whose two highest bits are set, so that the product of two has all its bits. */
function derivedPrime(label: string, bits: number, exponent: bigint): bigint {
  const start = BigInt(`0x${octetsOf(label, bits / 8).toString('hex')}`)
  let candidate = start | (3n << BigInt(bits - 2)) | 1n
  while ((candidate - 1n) % exponent === 0n || !checkPrimeSync(candidate)) candidate += 2n
  return candidate
}

/** Extended Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [remainder, next] = [modulus, value % modulus]
  let [factor, nextFactor] = [0n, 1n]
  while (next !== 0n) {
    const quotient = remainder / next
    ;[remainder, next] = [next, remainder - quotient * next]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  return ((factor % modulus) + modulus) % modulus
}

function base64Url(value: bigint): string {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}

const CURVES = { p256: ['prime256v1', 'P-256', 32], p384: ['secp384r1', 'P-384', 48] } as const

/** The EC key that a label stands for. */
export function derivedEcKey(label: string, curve: keyof typeof CURVES): KeyObject {
  const [openssl, crv, size] = CURVES[curve]
  const scalar = octetsOf(label, size)
  scalar[0] = 1 // below the order, and not 0
  const point = Buffer.from(publicPoint(scalar, openssl).subarray(1))
  const [x, y, d] = [point.subarray(0, size), point.subarray(size), scalar] as const
  const text = (octets: Buffer): string => octets.toString('base64url')
  return createPrivateKey({
    key: { kty: 'EC', crv, x: text(x), y: text(y), d: text(d) },
    format: 'jwk',
  })
}

function publicPoint(scalar: Buffer, curve: string): Buffer {
  const exchange = createECDH(curve)
  exchange.setPrivateKey(scalar)
  return exchange.getPublicKey()
}
