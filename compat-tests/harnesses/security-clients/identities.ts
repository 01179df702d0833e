/**
 * Who is who: certificates, made by openssl for this run, and secrets, of which none may ever be seen in a log. In every pair of
 * a certificate's two sides one authority is right, and one that nobody trusts.
 */
import { randomBytes } from 'node:crypto'
import { type Certified, certificate } from '#testing/certificates.js'

/** What openssl takes for a date. */
const dates = { past: '20200101000000Z', lastYear: '20210101000000Z', farOff: '20480101000000Z', end: '20490101000000Z' }
const expired = { notBefore: dates.past, notAfter: dates.lastYear }
const future = { notBefore: dates.farOff, notAfter: dates.end }

const secret = () => `secret-${randomBytes(12).toString('hex')}`

export interface Identities {
  readonly servers: Readonly<Record<'good' | 'expired' | 'future' | 'elsewhere', Certified>>
  readonly clients: Readonly<Record<'good' | 'expired' | 'future' | 'stranger', Certified>>
  readonly authority: Certified
  readonly otherAuthority: Certified
  readonly user: string
  readonly password: string
  readonly wrongPassword: string
  /** The broker's own: what delegation tokens are signed with. */
  readonly tokenSecret: string
}

export function newIdentities(authorityOf: (name: string) => Certified): Identities {
  const servers = {
    good: certificate('server', 'root'),
    expired: certificate('server-expired', 'root', expired),
    future: certificate('server-future', 'root', future),
    elsewhere: certificate('server-elsewhere', 'root', { names: 'DNS:elsewhere.example' }),
  }
  const clients = {
    good: certificate('client', 'root', { subject: '/C=DE/O=Gregor/OU=Clients/CN=alice' }),
    expired: certificate('client-expired', 'root', expired),
    future: certificate('client-future', 'root', future),
    stranger: certificate('client-stranger', 'other-root'),
  }
  const [authority, otherAuthority] = [authorityOf('root'), authorityOf('other-root')]
  const secrets = { password: secret(), wrongPassword: secret(), tokenSecret: secret() }
  return { servers, clients, authority, otherAuthority, user: 'alice', ...secrets }
}

/** What no log and no answer may show: passwords, and the keys themselves. */
export function secretsOf({ servers, clients, password, wrongPassword, tokenSecret }: Identities): string[] {
  const keys = [...Object.values(servers), ...Object.values(clients)].map(({ keyText }) => keyText.split('\n')[1]!)
  return [password, wrongPassword, tokenSecret, ...keys]
}
