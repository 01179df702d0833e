/** Addresses of clients and ranges of them, as ACLs name them. */

export interface AddressRange {
  contains(address: string): boolean
}

interface Address {
  readonly bits: bigint
  readonly size: 32 | 128
}

/** As InetAddress.getHostAddress writes it, which is what Kafka compares with: IPv6 in eight groups, none left out. */
export function hostAddress(address: string): string {
  const groups = address.includes(':') ? ipv6Groups(address) : null
  return groups === null ? address : groups.map(group => group.toString(16)).join(':')
}

/** From CIDR notation, "10.0.0.0/8"; null when it is none. A range of the one version of IP contains no address of the other. */
export function addressRange(text: string): AddressRange | null {
  const [base = '', length = '', ...more] = text.split('/')
  const network = parsed(base)
  if (network === null || more.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > network.size) return null
  const shift = BigInt(network.size - Number(length))
  return {
    contains(address) {
      const found = parsedClient(address)
      return found !== null && found.size === network.size && found.bits >> shift === network.bits >> shift
    },
  }
}

/** What is wrong with a range in CIDR notation, in the words of Kafka's library; null when nothing is. */
export function rangeProblem(text: string): string | null {
  if (addressRange(text) !== null) return null
  const base = text.slice(0, text.indexOf('/'))
  if (base.includes(':')) return `Could not parse [${base}]`
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  if (match === null) return `Could not parse [${text}]`
  const [, ...numbers] = match
  const wrong = numbers.slice(0, 4).find(number => Number(number) > 255)
  return wrong === undefined ? `Value [${numbers[4]}] not in range [0,32]` : `Value [${wrong}] not in range [0,255]`
}

// Thousands of ranges are asked about one client, one after the other.
let clientText = ''
let client: Address | null = null

function parsedClient(text: string): Address | null {
  if (text !== clientText) {
    client = parsed(text)
    clientText = text
  }
  return client
}

function parsed(text: string): Address | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number)
    return parts.some(part => part > 255) ? null : { bits: joined(parts, 8n), size: 32 }
  }
  const groups = ipv6Groups(text)
  return groups === null ? null : { bits: joined(groups, 16n), size: 128 }
}

const joined = (parts: readonly number[], width: bigint): bigint =>
  parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n)

function ipv6Groups(text: string): number[] | null {
  const [unscoped = ''] = text.split('%')
  const halves = unscoped.split('::').map(half => (half === '' ? [] : half.split(':')))
  const [head = [], tail] = halves
  if (!unscoped.includes(':') || halves.length > 2) return null
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const groups = tail === undefined ? head : [...head, ...Array<string>(missing).fill('0'), ...tail]
  return groups.every(group => /^[\da-f]{1,4}$/i.test(group)) ? groups.map(group => Number.parseInt(group, 16)) : null
}
