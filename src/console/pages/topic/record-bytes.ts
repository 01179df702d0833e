/** The bytes of keys, values and headers, as they are shown; pure. Everything here is text, whatever it says. */
import type { Bytes } from '../../api/types.js'

const previewCharsMax = 300
/** Control characters have pictures of their own, so that they are seen and do nothing. */
const controls = /[\p{Cc}\p{Cf}]/gu

const pictureOf = (character: string): string => {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}

/** In one line. */
export function previewOf(field: Bytes | null): string {
  if (field === null) return 'null'
  const text = field.encoding === 'utf8' ? field.data : latinOf(bytesOf(field))
  return text.slice(0, previewCharsMax).replace(controls, pictureOf)
}

export function bytesOf({ encoding, data }: Pick<Bytes, 'encoding' | 'data'>): Uint8Array {
  return encoding === 'utf8' ? new TextEncoder().encode(data) : Uint8Array.from(atob(data), character => character.charCodeAt(0))
}

/** Printable ASCII, and dots for the rest. */
const latinOf = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, previewCharsMax), byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')

/** What may be JSON: the text, or what follows a schema registry's five bytes. Null when it is no text. */
export function textOf(field: Bytes): string | null {
  if (field.schemaId === null) return field.encoding === 'utf8' ? field.data : null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(field).subarray(5))
  } catch {
    return null
  }
}

const bytesPerLine = 16
export const hexBytesMax = 16 * 1024

/** "00000010  48 65 6c …  Hel…" */
export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, hexBytesMax); at += bytesPerLine) {
    const line = bytes.subarray(at, at + bytesPerLine)
    const pairs = Array.from(line, byte => byte.toString(16).padStart(2, '0'))
    const hex = `${pairs.slice(0, 8).join(' ')}  ${pairs.slice(8).join(' ')}`
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * bytesPerLine)}  ${latinOf(line)}`)
  }
  return lines.join('\n')
}
