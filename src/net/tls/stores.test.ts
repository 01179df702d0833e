import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { authority, certificate, hasKeytool, inFolder, run } from '../../testing/certificates.js'
import { readKeyStore, readTrustStore } from './stores.js'
import { testSettings } from './tls.test-support.js'

const subjects = (chain: readonly string[] = []) => chain.map(pem => new X509Certificate(pem).subject.replaceAll('\n', ','))
const keyStore = async (values: Parameters<typeof testSettings>[0]) =>
  (await readKeyStore(testSettings(values))).map(({ chain }) => subjects(chain))
const trustStore = async (values: Parameters<typeof testSettings>[0]) =>
  subjects((await readTrustStore(testSettings(values))) ?? [])

const broker = certificate('broker', 'root')
const root = authority('root')
const chainText = broker.certificateText + root.certificateText
const chain = [['O=Gregor,CN=broker', 'CN=root']]

describe('PEM', () => {
  it('is text in the configuration', async () => {
    const values = { 'ssl.keystore.key': broker.keyText, 'ssl.keystore.certificate.chain': chainText }
    expect(await keyStore({ 'ssl.keystore.type': 'PEM', ...values })).toEqual(chain)
  })

  it('is text on one line, as an environment variable has it', async () => {
    const inline = (text: string) => text.replaceAll('\n', ' ')
    const values = { 'ssl.keystore.key': inline(broker.keyText), 'ssl.keystore.certificate.chain': inline(chainText) }
    expect(await keyStore({ 'ssl.keystore.type': 'PEM', ...values })).toEqual(chain)
    expect(await trustStore({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': inline(chainText) })).toHaveLength(2)
  })

  it('is a file with the key and the chain in any order, and text around them', async () => {
    writeFileSync(inFolder('all.pem'), `Bag Attributes: none\n${chainText}\nand the key:\n${broker.keyText}`)
    expect(await keyStore({ 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': inFolder('all.pem') })).toEqual(chain)
    expect(await trustStore({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': root.certificate })).toEqual(['CN=root'])
  })

  it('has an encrypted key, of PKCS#8 or of before', async () => {
    run('openssl', 'pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in', 'broker.key', '-passout', 'pass:secret', '-out', 'locked.key')
    run('openssl', 'ec', '-aes256', '-in', 'broker.key', '-passout', 'pass:secret', '-out', 'old.key')
    for (const file of ['locked.key', 'old.key']) {
      const text = readFileSync(inFolder(file), 'utf8')
      const values = {
        'ssl.keystore.type': 'PEM' as const,
        'ssl.keystore.key': text,
        'ssl.keystore.certificate.chain': chainText,
      }
      expect(await keyStore({ ...values, 'ssl.key.password': 'secret' })).toEqual(chain)
      await expect(keyStore(values)).rejects.toThrow(/^ssl.key.password: is missing: the private key in the text is encrypted$/)
      await expect(keyStore({ ...values, 'ssl.key.password': 'wrong' })).rejects.toThrow(
        /^ssl.key.password: does not open the private key in the text$/,
      )
    }
  })
})

describe('PKCS12', () => {
  const p12 = (name: string, ...more: string[]) => {
    const files = ['-inkey', 'broker.key', '-in', 'broker.pem', '-certfile', 'root.pem', '-out', name]
    run('openssl', 'pkcs12', '-export', ...files, '-passout', 'pass:changeit', ...more)
    return {
      'ssl.keystore.type': 'PKCS12' as const,
      'ssl.keystore.location': inFolder(name),
      'ssl.keystore.password': 'changeit',
    }
  }

  it('is made by openssl, with names and without, encrypted as today and as before', async () => {
    expect(await keyStore(p12('plain.p12'))).toEqual(chain)
    expect(await keyStore(p12('named.p12', '-name', 'broker'))).toEqual(chain)
    expect(await keyStore(p12('old.p12', '-legacy'))).toEqual(chain)
    expect(await keyStore(p12('open.p12', '-keypbe', 'NONE', '-certpbe', 'NONE'))).toEqual(chain)
  })

  it('may be called JKS, as in Java, where the file decides', async () => {
    expect(await keyStore({ ...p12('called-jks.p12'), 'ssl.keystore.type': 'JKS' })).toEqual(chain)
  })

  it('says which password is wrong or missing', async () => {
    const store = p12('locked.p12')
    await expect(keyStore({ ...store, 'ssl.keystore.password': 'wrong' })).rejects.toThrow(
      `ssl.keystore.password: does not open ${inFolder('locked.p12')}, or the file was changed`,
    )
    await expect(keyStore({ ...store, 'ssl.keystore.password': null })).rejects.toThrow(
      'ssl.keystore.password: is missing beside ssl.keystore.location',
    )
    const trust = { 'ssl.truststore.type': 'PKCS12' as const, 'ssl.truststore.location': inFolder('locked.p12') }
    await expect(trustStore(trust)).rejects.toThrow(/^ssl.truststore.password: is missing: .*locked.p12 is encrypted$/)
  })

  it('was changed: it is not opened', async () => {
    const store = p12('changed.p12', '-keypbe', 'NONE', '-certpbe', 'NONE')
    const bytes = readFileSync(inFolder('changed.p12'))
    const at = bytes.indexOf('Gregor')
    bytes.write('Mallory'.slice(0, 6), at)
    writeFileSync(inFolder('changed.p12'), bytes)
    await expect(keyStore(store)).rejects.toThrow(/does not open .*changed.p12, or the file was changed/)
  })
})

describe.runIf(hasKeytool())('keytool', () => {
  const keytool = (...args: string[]) => run('keytool', ...args, '-storepass', 'changeit')
  const generate = (name: string, type: string, ...more: string[]) => {
    const subject = ['-dname', `CN=${name}, O=Gregor`, '-ext', 'san=dns:localhost', '-validity', '30']
    keytool('-genkeypair', '-alias', name, '-keystore', name, '-storetype', type, ...subject, ...more)
    return { 'ssl.keystore.location': inFolder(name), 'ssl.keystore.password': 'changeit' }
  }

  it('makes a PKCS12 key store, which may be its own trust store', async () => {
    expect(await keyStore(generate('modern', 'PKCS12', '-keyalg', 'EC', '-groupname', 'secp256r1'))).toEqual([
      ['O=Gregor,CN=modern'],
    ])
    const values = { 'ssl.truststore.location': inFolder('modern'), 'ssl.truststore.password': 'changeit' }
    expect(await trustStore(values)).toEqual(['O=Gregor,CN=modern'])
  })

  it('makes a JKS key store, whose key has a password of its own', async () => {
    const store = generate('classic', 'JKS', '-keyalg', 'RSA', '-keysize', '2048', '-keypass', 'keysecret')
    expect(await keyStore({ ...store, 'ssl.key.password': 'keysecret' })).toEqual([['O=Gregor,CN=classic']])
    await expect(keyStore(store)).rejects.toThrow(
      `ssl.key.password: does not open the private key "classic" in ${inFolder('classic')}`,
    )
    await expect(keyStore({ ...store, 'ssl.keystore.password': 'wrong' })).rejects.toThrow(
      `ssl.keystore.password: does not open ${inFolder('classic')}, or the file was changed`,
    )
  })

  it.each([
    ['PKCS12', ['root', 'other']],
    ['JKS', ['root']],
  ])('makes trust stores of type %s with %j', async (type, names) => {
    for (const name of names) {
      authority(name)
      keytool('-importcert', '-noprompt', '-alias', name, '-file', `${name}.pem`, '-keystore', `${type}.ts`, '-storetype', type)
    }
    const values = { 'ssl.truststore.location': inFolder(`${type}.ts`), 'ssl.truststore.password': 'changeit' }
    expect((await trustStore(values)).sort()).toEqual(names.map(name => `CN=${name}`).sort())
    await expect(trustStore({ ...values, 'ssl.truststore.password': 'wrong' })).rejects.toThrow(
      /^ssl.truststore.password: does not open/,
    )
  })
})

describe('a key store that is none', () => {
  it('is a JCEKS store: what to do is said', async () => {
    writeFileSync(inFolder('ceks'), Buffer.from('cececece00000002', 'hex'))
    const values = { 'ssl.keystore.location': inFolder('ceks'), 'ssl.keystore.password': 'x' }
    await expect(keyStore(values)).rejects.toThrow(/ceks is a JCEKS store; convert it with keytool/)
  })

  test.each([
    [{}, 'ssl.keystore.location: is missing: an SSL listener needs a key store'],
    [{ 'ssl.keystore.password': 'x' }, 'ssl.keystore.location: is missing beside ssl.keystore.password'],
    [{ 'ssl.keystore.key': 'x' }, 'ssl.keystore.type: must be PEM for a key given as text, not JKS'],
    [
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.key': 'x' },
      'ssl.keystore.certificate.chain: is missing beside ssl.keystore.key',
    ],
    [
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': broker.certificate },
      `ssl.keystore.location: there is no private key in ${broker.certificate}`,
    ],
    [
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': 'x', 'ssl.keystore.password': 'y' },
      'ssl.keystore.password: is not for PEM; the password of the key is ssl.key.password',
    ],
    [
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.key': broker.keyText, 'ssl.keystore.certificate.chain': root.certificateText },
      'ssl.keystore.key: the first certificate is not that of the private key; the broker’s own must come first',
    ],
    [
      { 'ssl.keystore.location': broker.certificate, 'ssl.keystore.password': 'x' },
      `ssl.keystore.location: ${broker.certificate} holds PEM; set ssl.keystore.type=PEM`,
    ],
    [
      { 'ssl.keystore.location': '/nowhere/broker.p12', 'ssl.keystore.password': 'x' },
      "ssl.keystore.location: cannot read the file: ENOENT: no such file or directory, open '/nowhere/broker.p12'",
    ],
  ] as const)('%j', async (values, message) => {
    await expect(keyStore(values)).rejects.toThrow(message)
  })
})

describe('a path that a client gave', () => {
  const read = (path: string) => keyStore({ 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': path })

  test('a pipe into which nobody writes holds no thread', async () => {
    execFileSync('mkfifo', [inFolder('pipe')])
    for (let n = 0; n < 8; n++) {
      await expect(read(inFolder('pipe'))).rejects.toThrow(`cannot read the file: ${inFolder('pipe')} is not a regular file`)
    }
  })

  test('a device and a folder are not read', async () => {
    await expect(read('/dev/zero')).rejects.toThrow('cannot read the file: /dev/zero is not a regular file')
    await expect(read(inFolder(''))).rejects.toThrow(/^ssl.keystore.location: cannot read the file/)
  })

  test('a file without end is not kept', async () => {
    writeFileSync(inFolder('long'), '')
    truncateSync(inFolder('long'), 16 * 1024 * 1024 + 1)
    await expect(read(inFolder('long'))).rejects.toThrow('has more than 16777216 bytes')
  })
})
