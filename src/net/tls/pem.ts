/**
 * PEM texts as Kafka takes them: any text around the entries, and blanks in place of line ends, as they come from a
 * properties file or an environment variable.
 */

export interface PemEntry {
  /** CERTIFICATE, PRIVATE KEY, ENCRYPTED PRIVATE KEY, … */
  readonly label: string
  readonly text: string
}

// The lines `name: value` are those of a key that is encrypted the way before PKCS#8.
const entryPattern = /-{5}BEGIN ([A-Z0-9 ]+)-{5}\s*((?:[\w-]+:[^\r\n]*\s+)*)([A-Za-z0-9+/=\s]*?)-{5}END \1-{5}/g

export function pemEntries(text: string): PemEntry[] {
  return Array.from(text.matchAll(entryPattern), ([, label = '', headers = '', base64 = '']) => ({
    label,
    text: pemText(label, base64.replace(/\s+/g, ''), headers.trim()),
  }))
}

export function pemOfDer(label: string, der: Uint8Array): string {
  return pemText(label, Buffer.from(der).toString('base64'))
}

function pemText(label: string, base64: string, headers = ''): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...(headers === '' ? [] : [headers, '']), ...lines, `-----END ${label}-----`, ''].join('\n')
}
