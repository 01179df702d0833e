/** Requests may name tens of thousands of things, some microseconds each: they are gone through with pauses. */
import type { RequestContext } from './handler.js'

/** What each of them is answered, one after the other. */
export async function answersTo<Item, Answer>(
  items: Iterable<Item>,
  context: Pick<RequestContext, 'pause'>,
  answer: (item: Item) => Answer | Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const item of items) {
    const one = answer(item)
    answers.push(one instanceof Promise ? await one : one)
    const paused = context.pause()
    if (paused !== null) await paused
  }
  return answers
}
