/**
 * `sasl.jaas.config`, as Kafka writes it: one login module with its options.
 *
 *   org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" user_admin="secret" user_bob="b";
 *
 * Words and quoted texts in the manner of Java's StreamTokenizer, with its escapes and comments. Refusals are Kafka's sentences;
 * they never repeat a value.
 */

export interface JaasEntry {
  /** The Java class, which says for which mechanism the options are. */
  readonly loginModule: string
  readonly options: ReadonlyMap<string, string>
}

const controlFlags = ['REQUIRED', 'REQUISITE', 'SUFFICIENT', 'OPTIONAL']

/** The entry, or the sentence that says what is wrong. */
export function parseJaasConfig(text: string): JaasEntry | string {
  return entryOf(tokensOf(text))
}

function entryOf(tokens: readonly Token[]): JaasEntry | string {
  const [loginModule, controlFlag] = tokens
  if (loginModule === undefined || !isText(loginModule)) return 'Login module not specified in JAAS config'
  if (controlFlag === undefined || !isText(controlFlag)) return 'Login module control flag not specified in JAAS config'
  if (!controlFlags.includes(controlFlag.text.toUpperCase())) {
    return `Invalid login module control flag '${controlFlag.text}' in JAAS config`
  }
  const options = new Map<string, string>()
  let at = 2
  for (; tokens[at] !== undefined && tokens[at]?.text !== ';'; at += 3) {
    const [key, equals, value] = tokens.slice(at, at + 3) as [Token, Token?, Token?]
    if (!isText(key) || equals?.text !== '=' || value === undefined || !isText(value)) {
      return `Value not specified for key '${key.text}' in JAAS config`
    }
    options.set(key.text, value.text)
  }
  if (tokens[at] === undefined) return 'JAAS config entry not terminated by semi-colon'
  if (tokens.length > at + 1) return 'JAAS config property contains more than one login module, should be 1 module'
  return { loginModule: loginModule.text, options }
}

/**
 * The sections of a JAAS file, which a Java broker is given by -Djava.security.auth.login.config, or the sentence that says what
 * is wrong with it:
 *
 *   KafkaServer { org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="b"; };
 */
export function parseJaasFile(text: string): ReadonlyMap<string, readonly JaasEntry[]> | string {
  const sections = new Map<string, JaasEntry[]>()
  const tokens = tokensOf(text)
  for (let at = 0; at < tokens.length; at += 2) {
    const [name, open] = tokens.slice(at, at + 2) as [Token, Token?]
    if (!isText(name) || open?.text !== '{') return 'A section of a JAAS file is NAME { … };'
    const entries: JaasEntry[] = []
    for (at += 2; tokens[at]?.text !== '}'; ) {
      const end = tokens.findIndex(({ kind, text }, index) => index >= at && kind === 'mark' && text === ';')
      if (end < 0) return `Section ${name.text} of the JAAS file is not closed`
      const entry = entryOf(tokens.slice(at, end + 1))
      if (typeof entry === 'string') return entry
      entries.push(entry)
      at = end + 1
    }
    if (tokens[at + 1]?.text !== ';') return `Section ${name.text} of the JAAS file is not closed by };`
    sections.set(name.text, entries)
  }
  return sections
}

/** The entry as `sasl.jaas.config` takes it. */
export function jaasText({ loginModule, options }: JaasEntry): string {
  const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
  const texts = Array.from(options, ([key, value]) => ` ${/^[A-Za-z_$][\w$.-]*$/.test(key) ? key : quoted(key)}=${quoted(value)}`)
  return `${loginModule} required${texts.join('')};`
}

/** Users of PLAIN: options `user_NAME`. */
export function plainUsers({ options }: JaasEntry): ReadonlyMap<string, string> {
  const prefix = 'user_'
  return new Map([...options].flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])))
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'mark'
  readonly text: string
}

const isText = ({ kind }: Token): boolean => kind !== 'mark'

// What begins with a digit, a dot or a dash is a number to Java's tokenizer, and no text.
const token =
  /[\0- ]+|\/\*.*?\*\/|\/[^\n\r]*|"((?:[^"\\\n\r]|\\.)*)"|'((?:[^'\\\n\r]|\\.)*)'|([A-Za-z_$\u00a0-\uffff][\w$.\-\u00a0-\uffff]*)|(.)/gsy

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (const [, double, single, word, mark] of text.matchAll(token)) {
    const quoted = double ?? single
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: unescaped(quoted) })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark })
  }
  return tokens
}

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function unescaped(text: string): string {
  return text.replace(/\\([0-3][0-7]{2}|[0-7]{1,2}|.)/gs, (_, escaped: string) =>
    /^[0-7]/.test(escaped) ? String.fromCharCode(Number.parseInt(escaped, 8)) : (escapes[escaped] ?? escaped),
  )
}
