/** A record whose key is what its schema says; null for what is forgotten. */
export interface PlainRecord<Type extends string, Key, Value> {
  readonly type: Type
  readonly key: Key
  readonly value: Value | null
}
