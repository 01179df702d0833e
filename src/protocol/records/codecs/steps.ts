/** Decoders whose framing is ours go block by block: all blocks at once, or with others served in between. */
import type { Bytes } from '../../../base/bytes.js'
import type { Pause } from '../../../base/pause.js'

export type Steps = Generator<void, Bytes, void>

export function atOnce(steps: Steps): Bytes {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

export async function withPauses(steps: Steps, pause: Pause): Promise<Bytes> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    const paused = pause()
    if (paused !== null) await paused
  }
}
