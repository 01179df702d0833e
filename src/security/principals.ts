/**
 * From a client's certificate to its principal: the subject as RFC 2253 writes it, as Java does, then the first rule of
 * `ssl.principal.mapping.rules` that matches.
 */

/** One attribute of a name: its type as a dotted OID, its value as text and as it stands in the certificate. */
export interface NameAttribute {
  readonly oid: string
  readonly value: string
  /** DER of the value; what is not known by name is written so. */
  readonly der: Uint8Array
}

/** A subject: relative names in the certificate's order, each of one attribute or more. */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

/** Those that RFC 2253 names; all others are written by number, also those that OpenSSL has a name for. */
const keywords: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.9', 'STREET'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
])

/** The last relative name of the certificate first, commas without blanks. */
export function distinguishedNameText(name: DistinguishedName): string {
  return name
    .map(attributes => attributes.map(attributeText).join('+'))
    .reverse()
    .join(',')
}

function attributeText({ oid, value, der }: NameAttribute): string {
  const keyword = keywords.get(oid)
  if (keyword === undefined) return `${oid}=#${Array.from(der, byte => byte.toString(16).padStart(2, '0')).join('')}`
  return `${keyword}=${escaped(value)}`
}

function escaped(value: string): string {
  return value
    .replace(/[,=+<>#;"\\]/g, '\\$&')
    .replace(/^ +| +$/g, blanks => '\\ '.repeat(blanks.length))
    .replaceAll('\0', '\\00')
}

interface MappingRule {
  /** Null: the name as it is. */
  readonly pattern: { readonly whole: RegExp; readonly each: RegExp } | null
  readonly replacement: string
  readonly letters: 'L' | 'U' | null
}

export interface PrincipalMapping {
  /** The principal's name; null when no rule matches, and the connection is not taken. */
  nameOf(distinguishedName: string): string | null
}

const rule = /\s*(?:DEFAULT|RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?))\s*(?:,|$)/y

/** `DEFAULT` or `RULE:pattern/replacement/[LU]`, with commas between them; or what is wrong with that. */
export function principalMapping(rules: string): PrincipalMapping | string {
  const parsed: MappingRule[] = []
  for (let at = 0; at < rules.trimEnd().length; at = rule.lastIndex) {
    rule.lastIndex = at
    const match = rule.exec(rules)
    if (match === null) return `Invalid rule: \`${rules.slice(at)}\``
    const [, source, replacement = '', letters] = match
    const pattern = source === undefined ? null : patternOf(source)
    if (pattern instanceof Error) return `Invalid rule: \`${match[0]}\`: ${pattern.message}`
    parsed.push({ pattern, replacement, letters: letters === 'L' || letters === 'U' ? letters : null })
  }
  return { nameOf: distinguishedName => mapped(distinguishedName, parsed) }
}

function patternOf(source: string): MappingRule['pattern'] | Error {
  try {
    return { whole: new RegExp(`^(?:${source})$`), each: new RegExp(source, 'g') }
  } catch (error) {
    return error as Error
  }
}

function mapped(name: string, rules: readonly MappingRule[]): string | null {
  for (const { pattern, replacement, letters } of rules) {
    if (pattern === null) return name
    if (!pattern.whole.test(name)) continue
    const made = name.replace(pattern.each, (whole, ...rest: unknown[]) => replaced(replacement, [whole, ...groupsOf(rest)]))
    return letters === 'L' ? made.toLowerCase() : letters === 'U' ? made.toUpperCase() : made
  }
  return null
}

/** What a replacer is given behind the match: the groups, then the place. */
const groupsOf = (rest: readonly unknown[]): readonly unknown[] =>
  rest.slice(
    0,
    rest.findIndex(one => typeof one === 'number'),
  )

/** A number beyond the groups stands for itself. */
function replaced(replacement: string, groups: readonly unknown[]): string {
  return replacement.replace(/\$(\d+)/g, (whole, group: string) =>
    Number(group) < groups.length ? String(groups[Number(group)] ?? '') : whole,
  )
}
