/**
 * Answers of many bytes, in pieces: made with pauses and sent as fast as the other side takes them, so that no turn of the event
 * loop has more than one piece to do.
 */
import type { Clock } from '../base/world.js'
import { Slices } from '../storage/slices.js'

const pieceChars = 32 * 1024
const encoder = new TextEncoder()

/** The JSON of `{ [name]: items, ...rest }`. */
export async function piecesOfJson(
  clock: Clock,
  name: string,
  items: readonly unknown[],
  rest: object,
): Promise<readonly Uint8Array[]> {
  const slices = Slices.ofRequest(clock)
  const pieces: Uint8Array[] = []
  let text = `{${JSON.stringify(name)}:[`
  for (const [at, item] of items.entries()) {
    text += `${at === 0 ? '' : ','}${JSON.stringify(item)}`
    if (text.length >= pieceChars) {
      pieces.push(encoder.encode(text))
      text = ''
    }
    if (slices.isOver) await slices.next()
  }
  pieces.push(encoder.encode(`${text}],${JSON.stringify(rest).slice(1)}`))
  return pieces
}

/** @param ended called once, when all is taken or nobody takes it any more */
export function streamOf(pieces: readonly Uint8Array[], ended: () => void = () => {}): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      const piece = pieces[at++]
      if (piece !== undefined) controller.enqueue(piece)
      else {
        ended()
        controller.close()
      }
    },
    cancel: ended,
  })
}
