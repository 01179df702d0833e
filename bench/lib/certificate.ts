// A certificate for a broker on the loopback that answers to its own authority, and the store that both kinds of broker read.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function certificateIn(folder: string): { store: string; certificate: string } {
  const [key, pem, store] = ['tls.key', 'tls.crt', 'tls.pem'].map(name => join(folder, name)) as [string, string, string]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', pem], { stdio: 'ignore' })
  const certificate = readFileSync(pem, 'utf8')
  writeFileSync(store, readFileSync(key, 'utf8') + certificate)
  return { store, certificate }
}
