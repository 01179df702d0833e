/**
 * The quotas of one key: which holds for a user with a client id, and whose use counts together. Kafka's order, the first that is
 * set: (user, client) · (user, ⟨default⟩) · user · (⟨default⟩, client) · (⟨default⟩, ⟨default⟩) · ⟨default user⟩ · client ·
 * ⟨default client⟩. Changed entry by entry: there may be many.
 */

/** Those whose use counts together: all of a user, all of a client id, or all of a pair; '' stands for any. */
export interface QuotaHolder {
  readonly user: string
  readonly clientId: string
}

type Limits = Map<string | null, number>

export class QuotaTable {
  /** Null is the default. */
  readonly #users: Limits = new Map()
  readonly #clients: Limits = new Map()
  /** By user, then by client id. */
  readonly #pairs = new Map<string | null, Limits>()

  /** undefined: no limit any more. An entity of addresses has none here. */
  set(entity: ReadonlyMap<string, string | null>, limit: number | undefined): void {
    const user = entity.get('user')
    const client = entity.get('client-id')
    if (user === undefined) {
      if (client !== undefined) put(this.#clients, client, limit)
    } else if (client === undefined) put(this.#users, user, limit)
    else {
      const pairs = this.#pairs.get(user) ?? new Map<string | null, number>()
      put(pairs, client, limit)
      put(this.#pairs, user, pairs.size === 0 ? undefined : pairs)
    }
  }

  get isEmpty(): boolean {
    return this.#users.size === 0 && this.#clients.size === 0 && this.#pairs.size === 0
  }

  holderOf(user: string, clientId: string): QuotaHolder {
    const [users, clients, pairs] = [this.#users, this.#clients, this.#pairs]
    // As in Kafka, whose use counts together does not depend on a limit where there is but one sort of quotas.
    if (users.size === 0 && pairs.size === 0) return { user: '', clientId }
    if (clients.size === 0 && pairs.size === 0) return { user, clientId: '' }
    if (users.size === 0 && clients.size === 0) return { user, clientId }
    const own = pairs.get(user)
    if (own !== undefined && (own.has(clientId) || own.has(null))) return { user, clientId }
    if (users.has(user)) return { user, clientId: '' }
    const others = pairs.get(null)
    if (others !== undefined && (others.has(clientId) || others.has(null))) return { user, clientId }
    if (users.has(null)) return { user, clientId: '' }
    return { user: '', clientId }
  }

  /** Per second; Infinity when none is set. */
  limitOf({ user, clientId }: QuotaHolder): number {
    return this.#find(user, clientId) ?? Number.POSITIVE_INFINITY
  }

  #find(user: string, clientId: string): number | undefined {
    if (user !== '' && clientId !== '') {
      const own = this.#pairs.get(user)
      const others = this.#pairs.get(null)
      return own?.get(clientId) ?? own?.get(null) ?? others?.get(clientId) ?? others?.get(null)
    }
    if (user !== '') return this.#users.get(user) ?? this.#users.get(null)
    return clientId === '' ? undefined : (this.#clients.get(clientId) ?? this.#clients.get(null))
  }
}

function put<T>(values: Map<string | null, T>, name: string | null, value: T | undefined): void {
  if (value === undefined) values.delete(name)
  else values.set(name, value)
}
