/** What is in the list more than once. Kafka refuses a topic that a request names twice, and does nothing with it. */
export function repeatedIn(keys: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) repeated.add(key)
    seen.add(key)
  }
  return repeated
}
