/** Who a client is, as Kafka names it in ACLs, super.users and the records of tokens: `type:name`. */
export interface Principal {
  readonly type: string
  readonly name: string
}

export const userType = 'User'

/** Every client of a listener without authentication. */
export const anonymous: Principal = { type: userType, name: 'ANONYMOUS' }

export function user(name: string): Principal {
  return { type: userType, name }
}

export function principalText({ type, name }: Principal): string {
  return `${type}:${name}`
}

/** Null when there is no colon behind a type, or nothing behind the colon. */
export function parsePrincipal(text: string): Principal | null {
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) return null
  return { type: text.slice(0, colon), name: text.slice(colon + 1) }
}
