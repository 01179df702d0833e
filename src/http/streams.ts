/** Answers that go on: so many at a time, and none for ever. */
import type { Context } from 'hono'
import { failure } from './failures.js'

const streamsMax = 32

export class Streams {
  #open = 0

  /** @throws HttpFailure when there are too many; returns what to call at the end, once */
  begin({ req }: Context): () => void {
    // Nobody would read it, and so nobody would end it.
    if (req.method === 'HEAD') throw failure('METHOD_NOT_ALLOWED', 'A stream has no HEAD.')
    if (this.#open >= streamsMax)
      throw failure('TOO_MANY_REQUESTS', `${streamsMax} streams are open, which are all there may be.`)
    this.#open++
    return () => {
      this.#open--
    }
  }
}
