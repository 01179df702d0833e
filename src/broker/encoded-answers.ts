/**
 * Answers that many clients are given in the same words, above all the description of all topics: encoded once for each state
 * of the cluster. Who asks while one is encoded waits for it.
 */
import type { Bytes } from '../base/bytes.js'

/** Kept at a time: versions of an API, listeners and principals each have their own. */
const answersMax = 8
/** A longer one is encoded for each client. */
const keptBytesMax = 16 * 1024 * 1024

interface Kept {
  readonly revision: number
  readonly body: Promise<Bytes>
}

export class EncodedAnswers {
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>()

  get size(): number {
    return this.#kept.size
  }

  /** The body of the answer that `key` names, as of `revision`; made by `encode` unless it is there. */
  of(key: string, revision: number, encode: () => Promise<Bytes>): Promise<Bytes> {
    const found = this.#kept.get(key)
    if (found?.revision === revision) return found.body
    const made = { revision, body: encode() }
    this.#kept.delete(key)
    this.#kept.set(key, made)
    if (this.#kept.size > answersMax) this.#kept.delete(this.#kept.keys().next().value as string)
    const forget = (): void => {
      if (this.#kept.get(key) === made) this.#kept.delete(key)
    }
    made.body.then(body => {
      if (body.byteLength > keptBytesMax) forget()
    }, forget)
    return made.body
  }
}
