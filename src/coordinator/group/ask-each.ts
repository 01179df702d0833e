import type { Pause } from '../../base/pause.js'

/** Asks about one after the other, with pauses, and waits for all. */
export async function askEach<Item, Answer>(
  items: Iterable<Item>,
  pause: Pause | undefined,
  ask: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const asked: Promise<Answer>[] = []
  for (const item of items) {
    const answer = ask(item)
    // Told when all are there, and not as one that nobody waits for.
    answer.catch(() => {})
    asked.push(answer)
    const paused = pause?.() ?? null
    if (paused !== null) await paused
  }
  return Promise.all(asked)
}
