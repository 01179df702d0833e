/**
 * Writes lines to a descriptor without ever waiting for its reader. What the system does not take at once is kept, up to a
 * bound, and offered again with every line and twenty times a second; beyond the bound lines are dropped, and their number is
 * told once the rest has left. A broker must not block because a terminal is paused or a pipe is not read.
 */
import fs from 'node:fs'
import type { World } from '../base/world.js'

export interface Output {
  /** One whole line. */
  write(line: string): void
  /** Resolves when everything has left, or after `waitMsMax`. */
  flush(waitMsMax: number): Promise<void>
}

interface OutputOptions {
  readonly descriptor: number
  readonly world: World
  /** The line that tells how many were dropped. */
  readonly lossLine: (dropped: number) => string
  readonly keptBytesMax?: number
}

const keptBytesDefault = 1024 * 1024
const retryMs = 50

export function openOutput({ descriptor, world, lossLine, keptBytesMax = keptBytesDefault }: OutputOptions): Output {
  const fd = withoutWaiting(descriptor)
  /** Lines, and of the first perhaps only the rest, in the order in which they leave. */
  const kept: Buffer[] = []
  let keptBytes = 0
  let dropped = 0
  let isToBeOffered = false

  const offer = (): void => {
    while (kept.length > 0 || dropped > 0) {
      if (kept.length === 0) {
        keep(lossLine(dropped))
        dropped = 0
      }
      const [first] = kept as [Buffer]
      const taken = writeSome(fd, first)
      keptBytes -= taken
      if (taken < first.byteLength) {
        kept[0] = first.subarray(taken)
        if (taken === 0) return
      } else kept.shift()
    }
  }
  const keep = (line: string): void => {
    const bytes = Buffer.from(line)
    kept.push(bytes)
    keptBytes += bytes.byteLength
  }
  const offerAgain = (): void => {
    isToBeOffered = false
    offer()
    offerLater()
  }
  const offerLater = (): void => {
    if (kept.length === 0 || isToBeOffered) return
    isToBeOffered = true
    world.after(retryMs, offerAgain)
  }
  return {
    write(line) {
      offer()
      if (keptBytes > 0 && keptBytes + line.length > keptBytesMax) {
        dropped++
        return
      }
      keep(line)
      offer()
      offerLater()
    },
    async flush(waitMsMax) {
      const deadlineMs = world.monotonicMs() + waitMsMax
      for (offer(); kept.length > 0 && world.monotonicMs() < deadlineMs; offer()) {
        await new Promise<void>(resolve => world.after(retryMs, resolve))
      }
    },
  }
}

/** How much of it the system took now; all of it counts as taken when the reader is gone. */
function writeSome(fd: number, bytes: Buffer): number {
  try {
    return fs.writeSync(fd, bytes)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : bytes.byteLength
  }
}

/**
 * The same pipe or terminal, opened once more so that a write to it does not wait; the descriptor itself is shared with other
 * processes, which may expect it to. A file takes everything. A socket cannot be opened: Node has made it so already.
 */
function withoutWaiting(descriptor: number): number {
  try {
    const stat = fs.fstatSync(descriptor)
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return descriptor
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants
    return fs.openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return descriptor
  }
}
