/**
 * What a power cut leaves of a disk. The fault model: whatever a completed sync covered is there; every other change is
 * there, not there, or there in part, as one of the policies decides. Names obey the same rule as bytes: a file whose folder
 * was not synced may have no name. A rename is never seen half done.
 */
import type { SeededRandom } from '../seeded-random.js'
import {
  apply,
  applyEntries,
  type Content,
  type FileChange,
  SimulatedFile,
  SimulatedFolder,
  type SimulatedNode,
} from './nodes.js'

export const crashPolicies = ['drop', 'prefix', 'sector', 'pages', 'reorder', 'keep'] as const
/**
 * - `drop`: nothing that was not synced is left.
 * - `prefix`: what was changed up to some moment, on the whole disk.
 * - `sector`: the same, and the last write is torn at a sector of 512 bytes, or inside of one.
 * - `pages`: each page of 4 KiB was written back or was not; a file may have its new size and not its new bytes.
 * - `reorder`: each single change is there or not.
 * - `keep`: everything is there, as when only the process died.
 */
export type CrashPolicy = (typeof crashPolicies)[number]

const pageBytes = 4096
const sectorBytes = 512

/** Decides about changes that no sync covered. */
interface Fate {
  /** Does this change of a folder live? */
  keepsNames(order: number): boolean
  /** Brings to `content` what lives of the changes of one file. */
  bring(content: Content, changes: readonly FileChange[]): void
}

/** The tree below `root` as it is found after the crash. */
export function afterCrash(root: SimulatedFolder, policy: CrashPolicy, random: SeededRandom): SimulatedFolder {
  const fate = fateOf(policy, root, random)
  const made = new Map<SimulatedNode, SimulatedNode>()
  const survivorOf = (node: SimulatedNode): SimulatedNode => {
    let survivor = made.get(node)
    if (survivor === undefined) {
      survivor = node instanceof SimulatedFile ? survivingFile(node, fate) : survivingFolder(node, fate, survivorOf)
      made.set(node, survivor)
    }
    return survivor
  }
  return survivorOf(root) as SimulatedFolder
}

function survivingFile(file: SimulatedFile, fate: Fate): SimulatedFile {
  const content = file.durable.share()
  if (file.changes.length > 0) fate.bring(content, file.changes)
  return new SimulatedFile(content)
}

function survivingFolder(
  folder: SimulatedFolder,
  fate: Fate,
  survivorOf: (node: SimulatedNode) => SimulatedNode,
): SimulatedFolder {
  const names = new Map(folder.durable)
  for (const change of folder.changes) if (fate.keepsNames(change.order)) applyEntries(names, change)
  const survivor = new SimulatedFolder()
  for (const [name, node] of names) {
    survivor.shown.set(name, survivorOf(node))
    survivor.durable.set(name, survivorOf(node))
  }
  return survivor
}

function fateOf(policy: CrashPolicy, root: SimulatedFolder, random: SeededRandom): Fate {
  switch (policy) {
    case 'drop':
      return { keepsNames: () => false, bring: () => {} }
    case 'keep':
      return { keepsNames: () => true, bring: applyAll }
    case 'reorder':
      return {
        keepsNames: () => random.oneIn(2),
        bring: (content, changes) =>
          applyAll(
            content,
            changes.filter(() => random.oneIn(2)),
          ),
      }
    case 'prefix':
    case 'sector': {
      const orders = ordersOf(root, new Set())
      const last = orders.length === 0 ? 0 : random.pick(orders)
      const isTorn = policy === 'sector'
      return {
        keepsNames: order => order <= last,
        bring(content, changes) {
          for (const change of changes) {
            if (change.order < last || (change.order === last && !isTorn)) apply(content, change)
            else if (change.order === last) applyTorn(content, change, random)
          }
        },
      }
    }
    case 'pages':
      return { keepsNames: () => random.oneIn(2), bring: (content, changes) => bringPages(content, changes, random) }
  }
}

function ordersOf(folder: SimulatedFolder, seen: Set<SimulatedNode>): number[] {
  const orders = folder.changes.map(change => change.order)
  const nodes = [...folder.durable.values(), ...folder.shown.values()]
  for (const node of nodes) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node instanceof SimulatedFolder) orders.push(...ordersOf(node, seen))
    else orders.push(...node.changes.map(change => change.order))
  }
  return orders
}

function applyAll(content: Content, changes: readonly FileChange[]): void {
  for (const change of changes) apply(content, change)
}

/** The first sectors of a write are there; half of the time the last of them only up to some byte. */
function applyTorn(content: Content, change: FileChange, random: SeededRandom): void {
  if (change.kind === 'resize') return
  const end = change.position + change.bytes.byteLength
  const firstSector = Math.floor(change.position / sectorBytes)
  const sectors = Math.ceil(end / sectorBytes) - firstSector
  let stop = Math.min(end, (firstSector + random.between(0, sectors)) * sectorBytes)
  if (random.oneIn(2)) stop -= random.below(sectorBytes)
  if (stop > change.position) apply(content, { ...change, bytes: change.bytes.subarray(0, stop - change.position) })
}

function bringPages(content: Content, changes: readonly FileChange[], random: SeededRandom): void {
  const fates = new Map<number, boolean>()
  const lives = (page: number): boolean => {
    let fate = fates.get(page)
    if (fate === undefined) {
      fate = random.oneIn(2)
      fates.set(page, fate)
    }
    return fate
  }
  let size = content.size
  for (const change of changes) {
    if (change.kind === 'resize') {
      size = change.size
      if (random.oneIn(2)) apply(content, change)
      continue
    }
    const { position, bytes } = change
    size = Math.max(size, position + bytes.byteLength)
    for (let at = 0; at < bytes.byteLength; ) {
      const page = Math.floor((position + at) / pageBytes)
      const stop = Math.min(bytes.byteLength, (page + 1) * pageBytes - position)
      if (lives(page)) content.write(position + at, bytes.subarray(at, stop))
      at = stop
    }
  }
  // A file system that journals sizes apart from bytes leaves zeros behind.
  if (size > content.size && random.oneIn(4)) content.resize(size)
}
