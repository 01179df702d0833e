/**
 * Encodes a long response in slices, one per turn of the event loop for all clients together, and stops when its connection is
 * closed. A response beyond the limit closes the connection.
 */
import type { Pause } from '../base/pause.js'
import type { World } from '../base/world.js'
import { answerBytesMax } from '../protocol/frame.js'
import { TooLongError } from '../protocol/wire.js'
import { Slices, turnInLine } from '../storage/slices.js'
import { CloseConnection } from './outcomes.js'

export async function inSlices<T>(
  world: World,
  apiName: string,
  encode: (pause: Pause) => Promise<T>,
  isUnwanted = () => false,
): Promise<T> {
  const slices = new Slices(world.host, turnInLine)
  const pause = async (): Promise<void> => {
    await slices.next()
    if (isUnwanted()) throw new CloseConnection(`the client left before its answer of ${apiName}`)
  }
  try {
    return await encode(() => (slices.isOver ? pause() : null))
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error
    throw new CloseConnection(`an answer of ${apiName} would have more than ${answerBytesMax} bytes`)
  }
}
