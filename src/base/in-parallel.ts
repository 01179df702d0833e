/** Runs `task` on every item, at most `tasksMax` at a time, in order. Rejects with the first failure, once none is running. */
export async function inParallel<T>(items: Iterable<T>, tasksMax: number, task: (item: T) => Promise<unknown>): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failure: { readonly error: unknown } | null = null
  const worker = async (): Promise<void> => {
    while (failure === null) {
      const next = iterator.next()
      if (next.done === true) return
      try {
        await task(next.value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: tasksMax }, worker))
  if (failure !== null) throw (failure as { readonly error: unknown }).error
}
