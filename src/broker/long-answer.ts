/** Encodes a long response in slices, and stops when its connection is closed. One beyond the limit closes the connection. */
import type { Pause } from '../base/pause.js'
import { answerBytesMax } from '../protocol/frame.js'
import { TooLongError } from '../protocol/wire.js'
import { CloseConnection } from './outcomes.js'

export async function inSlices<T>(
  pause: Pause,
  apiName: string,
  encode: (pause: Pause) => Promise<T>,
  isUnwanted = () => false,
): Promise<T> {
  const unlessUnwanted = async (paused: Promise<void>): Promise<void> => {
    await paused
    if (isUnwanted()) throw new CloseConnection(`the client left before its answer of ${apiName}`)
  }
  try {
    return await encode(() => {
      const paused = pause()
      return paused === null ? null : unlessUnwanted(paused)
    })
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error
    throw new CloseConnection(`an answer of ${apiName} would have more than ${answerBytesMax} bytes`)
  }
}
