/** Tokens of every mechanism as no client should send them, some of them right. */
import { alice, bearerToken, bob, secondsFromNow } from '../../lib/logins.js'
import type { Random } from '../../lib/random.js'

const texts = [
  '',
  'a',
  'alice',
  'bob',
  'eve',
  'älice',
  '\u{1f600}',
  '=2C',
  '=3D',
  '=',
  '=2',
  ',',
  '\0',
  '\x01',
  'a,b',
  'n=',
  ' ',
  '\n',
]
const nonces = ['', 'n', 'fyko+d2lbbFgONRv9qkxdawL', ',', '\x7f', 'ä', ' ', 'r=', 'n'.repeat(500)]
const attributes = [
  '',
  ',tokenauth=true',
  ',tokenauth=false',
  ',x=y',
  ',m=ext',
  ',=',
  ',i=2147483648',
  ',tokenauth=TRUE,tokenauth=false',
]
const proofs = ['', '=', '====', 'AAAA', '!!!!', 'A'.repeat(100_000)]
const iterations = ['4096', '0', '-1', '1', '2147483647', '99999999999999999999', 'NaN', '1e9']

export function plainToken(random: Random): Buffer {
  switch (random.below(6)) {
    case 0:
      return Buffer.from(`\0${alice.name}\0${alice.password}`)
    case 1:
      return Buffer.from(`${random.pick(texts)}\0${random.pick(texts)}\0${random.pick([...texts, alice.password, bob.password])}`)
    case 2:
      return Buffer.from(`${bob.name}\0${alice.name}\0${alice.password}`)
    case 3:
      return Buffer.from(Array.from({ length: random.below(8) }, () => random.pick(texts)).join('\0'))
    case 4:
      return Buffer.from(`\0${alice.name.repeat(random.between(1, 50_000))}\0${'p'.repeat(random.below(50_000))}`)
    default:
      return noise(random, random.below(200))
  }
}

export function scramFirst(random: Random): string {
  const header = random.pick(['n,,', 'n,,', 'n,,', 'y,,', 'p=tls-unique,,', 'n,a=alice,', 'n,a=bob,', 'n,a=,', 'n,', ',,', 'N,,'])
  const reserved = random.oneIn(6) ? random.pick(['m=ext,', 'm=,', 'm==,', 'x=y,']) : ''
  const name = random.oneIn(2) ? alice.name : random.oneIn(20) ? 'x'.repeat(random.below(400_000)) : random.pick(texts)
  const nonce = random.oneIn(2) ? 'fyko+d2lbbFgONRv9qkxdawL' : random.pick(nonces)
  return `${header}${reserved}n=${name},r=${nonce}${random.oneIn(3) ? random.pick(attributes) : ''}`
}

/** From the right last message. */
export function spoiledFinal(right: string, random: Random): string {
  const [, binding = '', nonce = '', proof = ''] = /^c=(.*),r=(.*),p=(.*)$/.exec(right) ?? []
  switch (random.below(9)) {
    case 0:
      return right
    case 1:
      return `c=${binding},r=${nonce.slice(0, random.below(nonce.length))},p=${proof}`
    case 2:
      return `c=${binding},r=${nonce}${random.pick(['x', ',', '=', ' '])},p=${proof}`
    case 3:
      return `c=${random.pick(['', 'eSws', 'cD10bHMtdW5pcXVlLCw=', '!', binding.repeat(100)])},r=${nonce},p=${proof}`
    case 4:
      return `c=${binding},r=${nonce},p=${random.pick([...proofs, proof.slice(1), `${proof}${proof}`])}`
    case 5:
      return `c=${binding},r=${nonce}${random.pick(attributes)},i=${random.pick(iterations)},p=${proof}`
    case 6:
      return `p=${proof},r=${nonce},c=${binding}`
    case 7:
      return `v=${proof}`
    default:
      return right.split(',').slice(0, random.below(3)).join()
  }
}

const base64Url = (text: string): string => Buffer.from(text).toString('base64url')
const numbers = [0, -1, 1, 1e18, 1e300, -1e300, 0.5, 2 ** 53, 2 ** 63, 1e16, '1', null, true, [], {}]

export function bearer(random: Random): string {
  const good = { sub: alice.name, exp: secondsFromNow(600), iat: secondsFromNow(-10) }
  const odd = () => (random.oneIn(3) ? random.pick(texts) : random.pick(numbers))
  switch (random.below(9)) {
    case 0:
      return bearerToken(good)
    case 1:
      return bearerToken({ ...good, [random.pick(['sub', 'exp', 'iat', 'nbf', 'aud', 'iss', 'scope'])]: odd() })
    case 2:
      return bearerToken({ exp: random.pick(numbers), sub: alice.name })
    case 3:
      return bearerToken(good, { alg: random.pick(['HS256', 'None', 'NONE', 'RS256', '', 'none ', 'ES256']), kid: 'k' })
    case 4:
      return `${bearerToken(good)}${random.pick(['A', 'AAAA', '.', '..', '=', 'é'])}`
    case 5:
      return bearerToken(good).slice(random.below(20), random.between(20, 60))
    case 6:
      return `${base64Url('{"alg":"none"}')}.${base64Url('['.repeat(random.below(100_000)))}.`
    case 7:
      return bearerToken({ ...good, sub: 's'.repeat(random.below(300_000)) })
    default:
      return noise(random, random.below(200)).toString('latin1')
  }
}

export function bearerMessage(random: Random): Buffer {
  const token = bearer(random)
  switch (random.below(8)) {
    case 0:
      return Buffer.from(`n,a=${random.pick(texts)},\x01auth=Bearer ${token}\x01\x01`)
    case 1:
      return Buffer.from(`n,,\x01auth=${random.pick(['bearer', 'BEARER', 'Basic', '', 'Bearer  '])} ${token}\x01\x01`)
    case 2:
      return Buffer.from(`n,,\x01auth=Bearer ${token}\x01auth=Bearer ${bearer(random)}\x01k=v\x01\x01`)
    case 3:
      return Buffer.from(`n,,\x01${'k=v\x01'.repeat(random.below(50_000))}auth=Bearer ${token}\x01\x01`)
    case 4:
      return Buffer.from('\x01')
    case 5:
      return Buffer.from(`n,,\x01auth=Bearer ${token}${random.pick(['', '\x01', '\x01\x01\x01'])}`)
    default:
      return Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`)
  }
}

export function noise(random: Random, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count)
  for (let at = 0; at < count; at++) bytes[at] = random.uint32()
  return bytes
}

/** Some bits, a cut, an end that does not belong. */
export function spoiled(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  switch (random.below(4)) {
    case 0:
      if (copy.length > 0) {
        const at = random.below(copy.length)
        copy[at] = (copy[at] as number) ^ (1 << random.below(8))
      }
      return copy
    case 1:
      return copy.subarray(0, random.below(copy.length + 1))
    case 2:
      return Buffer.concat([copy, noise(random, random.below(50))])
    default:
      if (copy.length > 0) copy[random.below(copy.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff])
      return copy
  }
}
