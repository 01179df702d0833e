// The peers by name, in the order in which they are measured and shown.
import { gregor } from './gregor.js'
import { kafka } from './kafka.js'
import { kfake } from './kfake.js'
import { mock } from './mock.js'
import type { Peer } from './peer.js'

export const peers: readonly Peer[] = [gregor, kafka, kfake, mock]

/** @throws Error that names the peers there are. */
export function peersNamed(names: readonly string[]): Peer[] {
  return names.map(name => {
    const peer = peers.find(({ id }) => id === name)
    if (peer === undefined) throw new Error(`--peers takes ${peers.map(({ id }) => id).join(', ')}, not "${name}"`)
    return peer
  })
}
