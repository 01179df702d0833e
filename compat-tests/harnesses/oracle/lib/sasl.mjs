// Logging in, by messages as they are on the wire.
const inBase64Url = value => Buffer.from(JSON.stringify(value)).toString('base64url')

// What OAUTHBEARER takes without a handler class: a token that nobody has signed, for whoever one likes to be.
export function unsecuredToken(user, { lifetimeMs = 3_600_000, ...claims } = {}) {
  const nowMs = Date.now()
  const times = { iat: Math.floor(nowMs / 1000) - 1, exp: Math.floor((nowMs + lifetimeMs) / 1000) }
  return `${inBase64Url({ alg: 'none' })}.${inBase64Url({ sub: user, ...times, ...claims })}.`
}

export const bearer = token => Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`)

export async function logIn(connection, apis, user) {
  const handshake = await connection.call(apis.get('SaslHandshake'), 1, { mechanism: 'OAUTHBEARER' })
  const answer = await connection.call(apis.get('SaslAuthenticate'), 2, { authBytes: bearer(unsecuredToken(user)) })
  if (answer.body?.errorCode !== 0) throw new Error(`${user} cannot log in: ${JSON.stringify([handshake, answer])}`)
}
