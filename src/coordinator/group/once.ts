/** Kafka answers what is named twice as often as it is named. What is long is made once for all of them. */
export function once<Result>(make: (groupId: string) => Promise<Result>): (groupId: string) => Promise<Result> {
  const made = new Map<string, Promise<Result>>()
  return groupId => {
    const result = made.get(groupId) ?? make(groupId)
    made.set(groupId, result)
    return result
  }
}
