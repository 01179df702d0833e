/**
 * Files and folders of a simulated disk. Each has two images: what the operating system shows, and what is on stable
 * storage. Between the two stand the changes that were made since; a sync moves them over, a crash decides about each of
 * them. Nothing here knows paths or descriptors.
 *
 *   shown content  =  durable content + every change
 *   after a crash  =  durable content + the changes that the crash let live
 */

export type FileChange =
  | { readonly order: number; readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly order: number; readonly kind: 'resize'; readonly size: number }

/** One atomic change of a folder: a rename takes a name away and gives one in the same step. */
export interface FolderChange {
  readonly order: number
  readonly entries: readonly (readonly [name: string, node: SimulatedNode | null])[]
}

export type SimulatedNode = SimulatedFile | SimulatedFolder

/** Bytes that grow; shared between disks until one writes. */
export class Content {
  #bytes: Buffer
  #size: number
  #isShared = false

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = bytes
    this.#size = bytes.byteLength
  }

  get size(): number {
    return this.#size
  }
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  share(): Content {
    this.#isShared = true
    const other = new Content(this.bytes)
    other.#isShared = true
    return other
  }

  write(position: number, bytes: Uint8Array): void {
    this.#own(Math.max(this.#size, position + bytes.byteLength))
    if (position > this.#size) this.#bytes.fill(0, this.#size, position)
    this.#bytes.set(bytes, position)
    this.#size = Math.max(this.#size, position + bytes.byteLength)
  }

  resize(size: number): void {
    this.#own(size)
    if (size > this.#size) this.#bytes.fill(0, this.#size, size)
    this.#size = size
  }

  #own(capacity: number): void {
    if (!this.#isShared && capacity <= this.#bytes.byteLength) return
    const grown = Buffer.alloc(Math.max(capacity, this.#isShared ? this.#size : this.#bytes.byteLength * 2, 256))
    this.#bytes.copy(grown, 0, 0, this.#size)
    this.#bytes = grown
    this.#isShared = false
  }
}

export class SimulatedFile {
  readonly shown: Content
  readonly durable: Content
  changes: FileChange[] = []

  constructor(durable: Content = new Content()) {
    this.durable = durable
    this.shown = durable.share()
  }

  write(order: number, position: number, bytes: Buffer): void {
    this.shown.write(position, bytes)
    this.changes.push({ order, kind: 'write', position, bytes })
  }

  resize(order: number, size: number): void {
    if (size === this.shown.size) return
    this.shown.resize(size)
    this.changes.push({ order, kind: 'resize', size })
  }

  /** What was changed up to `order` is on stable storage now. */
  settle(order: number): void {
    for (const change of this.#takeUpTo(order)) apply(this.durable, change)
  }

  /** [fsyncgate] After a failed sync the changes are still shown, but no later sync brings them to stable storage. */
  lose(order: number): void {
    this.#takeUpTo(order)
  }

  #takeUpTo(order: number): FileChange[] {
    const taken = this.changes.filter(change => change.order <= order)
    this.changes = this.changes.filter(change => change.order > order)
    return taken
  }
}

export function apply(content: Content, change: FileChange): void {
  if (change.kind === 'write') content.write(change.position, change.bytes)
  else content.resize(change.size)
}

export class SimulatedFolder {
  readonly shown = new Map<string, SimulatedNode>()
  readonly durable = new Map<string, SimulatedNode>()
  changes: FolderChange[] = []

  change(order: number, ...entries: (readonly [string, SimulatedNode | null])[]): void {
    const change = { order, entries }
    applyEntries(this.shown, change)
    this.changes.push(change)
  }

  settle(order: number): void {
    for (const change of this.changes) if (change.order <= order) applyEntries(this.durable, change)
    this.lose(order)
  }

  lose(order: number): void {
    this.changes = this.changes.filter(change => change.order > order)
  }
}

export function applyEntries(names: Map<string, SimulatedNode>, change: FolderChange): void {
  for (const [name, node] of change.entries) {
    if (node === null) names.delete(name)
    else names.set(name, node)
  }
}
