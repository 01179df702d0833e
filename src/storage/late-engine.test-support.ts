/**
 * An engine that answers `append` and `read` later: the embedded one, held back, so that a whole broker can be tried above it.
 * What is appended has its place at the call, as the port says; a read is carried out when it is answered.
 */
import { SegmentedLog } from './segments/log.js'

interface Held {
  readonly answer: () => void
  readonly fail: (error: Error) => void
}

export class LateEngine {
  readonly #held: Held[] = []
  #isEager: boolean
  readonly #append = SegmentedLog.prototype.append
  readonly #read = SegmentedLog.prototype.read

  /** `isEager`: answers of its own accord, a turn of the event loop later. */
  constructor(isEager: boolean) {
    this.#isEager = isEager
    const hold = <Answer>(run: () => Answer): Promise<Answer> => this.#hold(run)
    const [append, read] = [this.#append, this.#read]
    const late = {
      append(this: SegmentedLog, ...call: Parameters<typeof append>) {
        append.apply(this, call)
        return hold(() => {})
      },
      read(this: SegmentedLog, ...call: Parameters<typeof read>) {
        const [from, end = null, ...rest] = call
        const until = end ?? this.end()
        return hold(() => read.call(this, from, until, ...rest))
      },
    }
    Object.assign(SegmentedLog.prototype, late)
  }

  set isEager(isEager: boolean) {
    this.#isEager = isEager
    if (isEager) for (const { answer } of this.#held.splice(0)) answer()
  }

  /** Calls that wait for an answer. */
  get heldCount(): number {
    return this.#held.length
  }

  #hold<Answer>(run: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        try {
          resolve(run())
        } catch (error) {
          reject(error)
        }
      }
      if (this.#isEager) setImmediate(answer)
      else this.#held.push({ answer, fail: reject })
    })
  }

  /** Answers the call that has waited as number `index`. */
  answer(index = 0): void {
    this.#held.splice(index, 1)[0]?.answer()
  }
  fail(error: Error, index = 0): void {
    this.#held.splice(index, 1)[0]?.fail(error)
  }

  [Symbol.dispose](): void {
    Object.assign(SegmentedLog.prototype, { append: this.#append, read: this.#read })
  }
}
