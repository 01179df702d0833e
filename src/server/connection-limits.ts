/** The bounds on connections as the configuration gives them, with hosts as the addresses that sockets have. */
import { lookup } from 'node:dns/promises'
import { isIP, isIPv6, SocketAddress } from 'node:net'
import { connectionRateKey } from '../cluster/quota-controller.js'
import type { Quotas } from '../cluster/quota-image.js'
import type { BrokerConfig } from '../config/broker-config.js'
import { hostLimits } from '../config/host-limits.js'
import type { LiveConfig } from '../config/live-config.js'
import { ConfigError } from '../config/resolve.js'
import type { ConnectionLimits, ConnectionQuotas } from '../net/connection-quotas.js'

/** @throws ConfigError when a host is not known. */
export async function connectionLimits(config: BrokerConfig): Promise<ConnectionLimits> {
  return {
    connectionsMax: config.get('max.connections'),
    perSecondMax: config.get('max.connection.creation.rate'),
    perAddressMax: config.get('max.connections.per.ip'),
    perAddressOverrides: await overridesByAddress(config),
    ofListener(name) {
      const own = config.forListener(name)
      return { connectionsMax: own.get('max.connections'), perSecondMax: own.get('max.connection.creation.rate') }
    },
  }
}

/** What is set while the broker runs, or was in an earlier run, counts for those who are connected, too. */
export async function followConnectionLimits(config: LiveConfig, quotas: ConnectionQuotas): Promise<void> {
  const renew = async (): Promise<void> => {
    quotas.limits = await connectionLimits(config)
  }
  config.observe({
    keys: ['max.connections', 'max.connection.creation.rate', 'max.connections.per.ip', 'max.connections.per.ip.overrides'],
    problemOf: candidate =>
      connectionLimits(candidate).then(
        () => null,
        error => (error as Error).message,
      ),
    // A host that has become unknown since it was looked at leaves everything as it was.
    changed: () => renew().catch(() => {}),
  })
  await renew()
}

/**
 * Connections a second that an address may make, as its quota says, or that of all addresses. A name is looked up once, when its
 * quota is new, as in Kafka, and one at a time: while no server answers, a lookup holds one of the threads that sync files.
 */
export function connectionRates(quotas: Quotas, addressOf = lookedUp): (address: string) => number {
  let revision = -1
  let rates = new Map<string | null, number>()
  let hosts = new Map<string, number>()
  const addresses = new Map<string, string | null>()
  let isLooking = false
  const renew = (): void => {
    revision = quotas.revision
    rates = new Map()
    hosts = new Map()
    for (const { entity, values } of quotas.entities.values()) {
      const rate = values.get(connectionRateKey)
      const host = entity.get('ip')
      if (rate === undefined || host === undefined) continue
      if (host === null || isIP(host) !== 0) rates.set(host === null ? null : asSocketsHaveIt(host), rate)
      else hosts.set(host, rate)
    }
    for (const host of addresses.keys()) if (!hosts.has(host)) addresses.delete(host)
    for (const [host, rate] of hosts) {
      const address = addresses.get(host)
      if (typeof address === 'string') rates.set(address, rate)
    }
    // Nobody waits for the names: their addresses are bounded from when they are known.
    if (!isLooking) void lookUp()
  }
  const lookUp = async (): Promise<void> => {
    isLooking = true
    for (let host = unknown(); host !== undefined; host = unknown()) {
      const address = await addressOf(host)
      const rate = hosts.get(host)
      if (rate === undefined) continue
      addresses.set(host, address)
      if (address !== null) rates.set(address, rate)
    }
    isLooking = false
  }
  const unknown = (): string | undefined => {
    for (const host of hosts.keys()) if (!addresses.has(host)) return host
    return undefined
  }
  return address => {
    if (revision !== quotas.revision) renew()
    return rates.get(address) ?? rates.get(null) ?? Number.POSITIVE_INFINITY
  }
}

/** A host that has gone has no connections. */
const lookedUp = (host: string): Promise<string | null> =>
  lookup(host).then(
    ({ address }) => asSocketsHaveIt(address),
    () => null,
  )

/** Bounded by its own keys alone, where there are others: what clients do elsewhere must not keep brokers out. */
export function isListenerForBrokers(config: BrokerConfig, name: string): boolean {
  if (config.listeners.length < 2) return false
  const named = config.get('inter.broker.listener.name')?.toUpperCase()
  const protocol = config.get('security.inter.broker.protocol')
  return name === (named ?? config.listeners.find(listener => listener.protocol === protocol)?.name)
}

async function overridesByAddress(config: BrokerConfig): Promise<ReadonlyMap<string, number>> {
  const key = 'max.connections.per.ip.overrides'
  const byHost = hostLimits(config.get(key))
  const limits = new Map<string, number>()
  if (typeof byHost === 'string') throw new ConfigError([`${key}: ${byHost}`])
  for (const [host, limit] of byHost) {
    try {
      for (const { address } of await lookup(host, { all: true })) limits.set(asSocketsHaveIt(address), limit)
    } catch (error) {
      throw new ConfigError([`${key}: the host ${host} is not known: ${(error as Error).message}`])
    }
  }
  return limits
}

function asSocketsHaveIt(address: string): string {
  return isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address
}
