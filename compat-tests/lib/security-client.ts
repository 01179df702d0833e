/**
 * The logins that ../harnesses/security-clients asks of a client, here for clients on Node; python/security_client.py,
 * go/security and ../clients/java-clients/Security.java are the same in other languages. A plan comes on stdin, a login a line,
 * its fields NAME=VALUE between tabs. All are tried at once. What became of each is one line on stdout, between tabs: its id,
 * `done`, `refused` or `late`, the milliseconds until then, and the client's own name for what it was told.
 */

export interface Login {
  readonly id: string
  /** walk: a topic, records, a group, a commit, and what the admin client says of it. refusal: one record, which must not go. */
  readonly kind: 'walk' | 'refusal'
  readonly bootstrap: string
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  /** PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER; empty without SASL. */
  readonly mechanism: string
  readonly user: string
  readonly password: string
  /** PEM files; `certificate` and `key` are empty for a client that shows none. */
  readonly ca: string
  readonly certificate: string
  readonly key: string
  /** TLSv1.2 or TLSv1.3, where it is not left to the client. */
  readonly tls: string
  readonly topic: string
  readonly group: string
  /** A client that never gives up is watched for so long. */
  readonly windowMs: number
}

export const recordsPerWalk = 20
const walkMsMax = 40_000

export interface SecurityClient {
  walk(login: Login): Promise<void>
  /** Throws what the client throws. A client that goes on trying tells `heard` what it heard, and stays until the window ends. */
  refusal(login: Login, heard: (error: unknown) => void): Promise<void>
  /** The client's own name for an error, without what differs from run to run. */
  errorName(error: unknown): string
}

export async function runSecurityClient(client: SecurityClient): Promise<never> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const lines = Buffer.concat(chunks).toString().trim().split('\n')
  await Promise.all(lines.map(line => tried(client, parsed(line))))
  process.exit(0)
}

function parsed(line: string): Login {
  const fields = Object.fromEntries(
    line.split('\t').map(field => {
      const at = field.indexOf('=')
      return [field.slice(0, at), field.slice(at + 1)]
    }),
  )
  return { ...(fields as unknown as Login), windowMs: Number(fields.windowMs) }
}

async function tried(client: SecurityClient, login: Login): Promise<void> {
  const startedMs = performance.now()
  let isTold = false
  const tell = (outcome: string, detail: string) => {
    if (isTold) return
    isTold = true
    const text = detail.replaceAll(/\s+/g, ' ').trim()
    console.log([login.id, outcome, Math.round(performance.now() - startedMs), text].join('\t'))
  }
  const endMs = login.kind === 'walk' ? walkMsMax : login.windowMs
  const heard = (error: unknown) => tell('refused', client.errorName(error))
  const late = setTimeout(() => tell('late', ''), endMs)
  try {
    await (login.kind === 'walk' ? client.walk(login) : client.refusal(login, heard))
    tell('done', '')
  } catch (error) {
    heard(error)
  }
  clearTimeout(late)
}

/** [RFC 7515] A token that nobody signed. */
export function unsecuredToken(user: string): string {
  const seconds = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: user, iat: seconds, exp: seconds + 3600 })}.`
}
