import { describe, expect, it } from 'vitest'
import type { Bytes } from '../../api/types.js'
import { hexBytesMax, hexOf, previewOf, textOf } from './record-bytes.js'

const text = (data: string): Bytes => ({ encoding: 'utf8', data, bytes: data.length, isTruncated: false, schemaId: null })
const binary = (...bytes: number[]): Bytes => ({ ...text(btoa(String.fromCharCode(...bytes))), encoding: 'base64' })

describe('bytes of records', () => {
  it('are shown in one line, what cannot be seen by a picture', () => {
    expect(previewOf(text('a\n\tb\u0000\u007f'))).toBe('a␊␉b␀␡')
    expect(previewOf(text('<b>x</b>'))).toBe('<b>x</b>')
    expect(previewOf(null)).toBe('null')
    expect(previewOf(text('x'.repeat(10_000)))).toHaveLength(300)
  })

  it('do not turn around what stands beside them', () => {
    expect(previewOf(text('abc\u202egnp.exe\u2066'))).toBe('abc�gnp.exe�')
  })

  it('that are no text are shown by their letters', () => {
    expect(previewOf(binary(0x00, 0x48, 0x69, 0xff, 0x7f))).toBe('·Hi··')
  })

  it('of a schema registry are text behind their five bytes', () => {
    expect(textOf({ ...binary(0, 0, 0, 0, 42, 0x7b, 0x7d), schemaId: 42 })).toBe('{}')
    expect(textOf({ ...binary(0, 0, 0, 0, 42, 0xff), schemaId: 42 })).toBeNull()
    expect(textOf(text('{}'))).toBe('{}')
    expect(textOf(binary(0xff))).toBeNull()
  })

  it('stand in lines of sixteen', () => {
    expect(hexOf(new TextEncoder().encode('Hello, Gregor! <b>\n'))).toBe(
      '00000000  48 65 6c 6c 6f 2c 20 47  72 65 67 6f 72 21 20 3c  Hello, Gregor! <\n' +
        '00000010  62 3e 0a                                          b>·',
    )
    expect(hexOf(new Uint8Array(0))).toBe('')
    expect(hexOf(new Uint8Array(1024 * 1024)).split('\n')).toHaveLength(hexBytesMax / 16)
  })
})
