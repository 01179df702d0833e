/**
 * What re2j 1.8, by which Kafka reads regular expressions, makes of a text in another way than re2js does: a walk over the
 * text that finds the first thing that only re2j refuses, and puts into re2js's words what only re2j takes. The size of what
 * the text is compiled to is told on the way, because to compile it takes its time, too.
 */

/** The only names that `\p{…}` may have; re2js knows later ones of Unicode and aliases as well. */
const classNames = new Set(
  `Any C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs Arabic
  Armenian Avestan Balinese Bamum Batak Bengali Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Cham
  Cherokee Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Egyptian_Hieroglyphs Ethiopic Georgian
  Glagolitic Gothic Greek Gujarati Gurmukhi Han Hangul Hanunoo Hebrew Hiragana Imperial_Aramaic Inherited
  Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Lao Latin
  Lepcha Limbu Linear_B Lisu Lycian Lydian Malayalam Mandaic Meetei_Mayek Mongolian Myanmar New_Tai_Lue Nko Ogham
  Ol_Chiki Old_Italic Old_Persian Old_South_Arabian Old_Turkic Oriya Osmanya Phags_Pa Phoenician Rejang Runic
  Samaritan Saurashtra Shavian Sinhala Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Tamil
  Telugu Thaana Thai Tibetan Tifinagh Ugaritic Unknown Vai Yi`.split(/\s+/),
)

const repeatMax = 1000

export interface Translated {
  readonly text: string
  /** What only re2j refuses, and the text before it, of which another complaint comes first. */
  readonly refusal: { readonly why: string; readonly before: string } | null
  /** Of what it is compiled to, about: its characters, each as often as the {n} around it say. */
  readonly size: number
}

/** A part of a pattern, at `lastIndex`. */
const part = new RegExp(
  [
    String.raw`\\Q(?<quoted>.*?)(?:\\E|$)`,
    String.raw`\\[pP](?:\{(?<className>[^}]*)\}|(?<letter>.))`,
    String.raw`\\x\{[^}]*\}?`,
    String.raw`\\(?<escaped>.)`,
    String.raw`\{(?<least>\d+)(?:(?<comma>,)(?<most>\d*))?\}`,
    String.raw`\[:\^?\w*:\]`,
    String.raw`\(\?:`,
    '.',
  ].join('|'),
  'suy',
)

export function translated(text: string): Translated {
  const parts: string[] = []
  /** Of the groups around, the innermost last. */
  const sizes = [0]
  let last = 0
  const add = (size: number): void => {
    last = size
    sizes[sizes.length - 1]! += size
  }
  const result = (refusal: Translated['refusal']): Translated => ({
    ...{ text: parts.join(''), refusal },
    size: sizes.reduce((sum, size) => sum + size),
  })
  /** Where a class began whose end has not come; its first character is no end of it. */
  let classAt = -1
  let isAfterBrace = false
  let at = 0
  const refused = (why: string): Translated => result({ why, before: text.slice(0, at) })

  while (at < text.length) {
    part.lastIndex = at
    const match = part.exec(text)!
    const { quoted, className, letter, escaped, least, comma, most } = match.groups!
    let [whole] = match
    const wasAfterBrace = isAfterBrace
    isAfterBrace = false
    const name = (className ?? letter)?.replace(/^\^/, '')
    if (name !== undefined && !classNames.has(name)) return refused('invalid character class range')
    if (classAt >= 0) {
      // 1. In a class there are neither quotes nor repeats.
      if (quoted !== undefined) whole = '\\Q'
      if (least !== undefined) whole = '{'
      if (whole === ']' && at > classAt) {
        classAt = -1
        add(1)
      }
      parts.push(isBeyondAscii(escaped) ? escaped! : whole)
    } else if (least !== undefined) {
      const times = Math.max(1, Number(least), Number(most || 0))
      if (times > repeatMax || (comma !== undefined && most !== '' && Number(most) < Number(least))) {
        return refused('invalid repeat count')
      }
      // 2. A brace that begins no repeat is taken for one by the repeat behind it.
      if (wasAfterBrace) return refused('invalid nested repetition operator')
      const before = last
      add(before * (times - 1))
      last = before * times
      parts.push(whole)
    } else {
      if (wasAfterBrace && /^[*+?]/.test(whole)) return refused('invalid nested repetition operator')
      if (whole.startsWith('[:')) whole = '['
      if (whole.startsWith('(')) sizes.push(0)
      else if (whole === ')') add(sizes.length > 1 ? sizes.pop()! : 0)
      else add(quoted?.length ?? 1)
      if (whole === '[') classAt = at + (text[at + 1] === '^' ? 2 : 1)
      isAfterBrace = whole === '{'
      parts.push(isBeyondAscii(escaped) ? escaped! : whole)
      if (whole === '[' && text[at + 1] === '^') {
        parts.push('^')
        at++
      }
    }
    at += whole.length
  }
  return result(null)
}

/** Of these, re2j takes every one that is escaped for itself. */
function isBeyondAscii(escaped: string | undefined): boolean {
  return escaped !== undefined && escaped.codePointAt(0)! > 127
}
