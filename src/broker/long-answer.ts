/** Encodes what is long a slice at a time. Beyond the bound of an answer its connection is closed. */
import type { World } from '../base/world.js'
import { answerBytesMax } from '../protocol/frame.js'
import { TooLongError } from '../protocol/wire.js'
import { Slices } from '../storage/slices.js'
import { CloseConnection } from './outcomes.js'

/** What an encoder asks between two elements: whether others have their turn first. */
export type Pause = () => Promise<void> | null

export async function inSlices<T>(world: World, apiName: string, encode: (pause: Pause) => Promise<T>): Promise<T> {
  const slices = new Slices(world.host)
  try {
    return await encode(() => (slices.isOver ? slices.next() : null))
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error
    throw new CloseConnection(`an answer of ${apiName} would have more than ${answerBytesMax} bytes`)
  }
}
