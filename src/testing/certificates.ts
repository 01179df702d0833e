/**
 * Certificates, keys and stores for tests, made by openssl and keytool as operators make them. Made once per process for each
 * name; the folder goes with the process.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'gregor-certificates-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

export const inFolder = (name: string): string => join(folder, name)

/** Says so where it is missing: what is not tested should be known. */
export function hasKeytool(): boolean {
  const isThere = (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, 'keytool')))
  if (!isThere) process.stderr.write('keytool is not installed: the stores that it makes are not tested\n')
  return isThere
}

export function run(tool: 'keytool' | 'openssl', ...args: string[]): void {
  execFileSync(tool, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
}

export interface Certified {
  /** Paths of PEM files. */
  readonly key: string
  readonly certificate: string
  readonly keyText: string
  readonly certificateText: string
}

interface Subject {
  /** As openssl takes it: /C=DE/O=Gregor/CN=alice. */
  readonly subject?: string
  readonly names?: string
  /** Dates as openssl takes them: 20200101000000Z. */
  readonly notBefore?: string
  readonly notAfter?: string
  readonly keyKind?: 'ec' | 'rsa'
}

const keyArguments = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['-newkey', 'rsa:2048'],
} as const

/** A certificate authority of that name, for itself. */
export function authority(name: string): Certified {
  if (!existsSync(inFolder(`${name}.pem`))) {
    const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign']
    const output = ['-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`]
    run('openssl', 'req', '-x509', ...keyArguments.ec, '-days', '30', '-subj', `/CN=${name}`, ...extensions, ...output)
  }
  return certified(name)
}

/** A certificate of `issuer` for a server on the loopback, or for a client. */
export function certificate(name: string, issuer: string, subject: Subject = {}): Certified {
  if (existsSync(inFolder(`${name}.pem`))) return certified(name)
  const { names = 'DNS:localhost,IP:127.0.0.1', keyKind = 'ec', notBefore = '20200101000000Z' } = subject
  authority(issuer)
  const request = ['-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject.subject ?? `/O=Gregor/CN=${name}`]
  run('openssl', 'req', ...keyArguments[keyKind], ...request)
  // Only `openssl ca` takes dates in OpenSSL 3.0.
  writeFileSync(inFolder(`${name}.index`), '')
  writeFileSync(inFolder(`${name}.cnf`), caConfiguration(name, names))
  const files = ['-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`, '-in', `${name}.csr`, '-out', `${name}.pem`]
  const dates = ['-startdate', notBefore, '-enddate', subject.notAfter ?? '20491231000000Z']
  run('openssl', 'ca', '-batch', '-preserveDN', '-notext', '-config', `${name}.cnf`, ...dates, ...files)
  return certified(name)
}

function caConfiguration(name: string, names: string): string {
  return `[ca]
default_ca = own
[own]
database = ${name}.index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
organizationName = optional
organizationalUnitName = optional
countryName = optional
emailAddress = optional
[extensions]
subjectAltName = ${names}
extendedKeyUsage = serverAuth,clientAuth
`
}

function certified(name: string): Certified {
  const [key, pem] = [inFolder(`${name}.key`), inFolder(`${name}.pem`)]
  return { key, certificate: pem, keyText: readFileSync(key, 'utf8'), certificateText: readFileSync(pem, 'utf8') }
}
