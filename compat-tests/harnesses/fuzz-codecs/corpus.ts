/**
 * What the fuzzer spoils: sound streams of every codec, message sets and batches. Most are made by the project's
 * encoders from a small text; the streams of zstd 1.5.4 and lz4 1.9.4 reach the parts of a decoder that those do not write
 * (Huffman trees, described tables, linked blocks, checksums).
 */
import { type Bytes, concat } from '#base/bytes.js'
import { batchHeaderSize, type CodecId, Codecs } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { codecProblem, compress } from '#protocol/records/compression.js'
import { downConvert } from '#protocol/records/down-convert.js'
import { recompress } from '#protocol/records/recompress.js'
import { Random } from '../../lib/random.js'

const random = new Random(1)

/** Words that repeat, so that every codec finds matches, between bytes that do not. */
function text(length: number): Bytes {
  const words = ['order', 'customer', '{"id":', '"status":"shipped"', 'aaaaaaaaaaaaaaaa', '\n']
  const parts: Bytes[] = []
  for (let size = 0; size < length; size += parts.at(-1)!.byteLength) {
    parts.push(Buffer.from(`${random.pick(words)}${random.below(1000)}`))
  }
  return concat(parts).subarray(0, length)
}

const texts = [0, 1, 20, 300, 3000].map(text)

/** Node has zstd from 22.15 on. */
const atHand = Object.values(Codecs).filter(codec => codecProblem(codec) === null)

export function streamsOf(codec: CodecId, isForMagic0 = false): Bytes[] {
  return !atHand.includes(codec as never) ? [] : texts.map(plain => compress(codec, plain, { isForMagic0 }))
}

/** Snappy without the framing: the first block of each framed stream. */
export function rawSnappyStreams(): Bytes[] {
  return streamsOf(Codecs.snappy)
    .slice(1)
    .map(stream => stream.subarray(20))
}

const record = (index: number) => ({
  key: index % 3 === 0 ? null : text(1 + (index % 7)),
  value: index % 5 === 0 ? null : text((index * 37) % 200),
  headers: index % 4 === 0 ? [{ key: 'trace', value: text(10) }] : [],
  timestampMs: 1_700_000_000_000 + index * 7,
})

export function batches(): Bytes[] {
  return [1, 12].flatMap(count => {
    const plain = buildBatch(Array.from({ length: count }, (_, index) => record(index)))
    const records = plain.subarray(batchHeaderSize)
    return atHand.map(codec => recompress(plain, records, codec))
  })
}

export function messageSets(): Bytes[] {
  const limits = { bytesMax: 1_000_000, firstMessage: 'none' } as const
  return batches().flatMap(batch => ([0, 1] as const).map(magic => downConvert(batch, magic, 0, limits).bytes))
}

const base64 = (encoded: string): Bytes => Buffer.from(encoded, 'base64')

export const referenceZstd: readonly Bytes[] = [
  base64(
    'KLUv/WTcBO0LACYSLhmQt9AGdaGq3qWm0BDsbqVFbm6ZSZBgdw0IMAAkACIApt7I40yqGGJdKgoMFASJuqpeSBhHOQwjwGCRozAOAwUHgGEYC4GDUfBPV8' +
      'NIKAZCFk/LNqEpo+N/GUu5l9CXiOcrmczDZcw2PUEjFgj0xXdm9uoCL5Tfjv/v6uywqModuZS9lZlZqdRYqyg169GZV0OyS3g2DU5DG5dqrikzbaboPhUz' +
      'TcmrR1uwyERFVpljqQfvROyErgFiqHGlYor5/mewAomOrBsRJBCBRy0jJTOihSXJA4Zz/VjlTsnh8CKbAGnoMxuZIuFZXr6RixKMCw8uIu7VZdDgwLSnAD' +
      'GaVwhGiGoy6R8sicUsa+S8gQolHhp0GQswvZ70NS2tGiUpxhSAdQ1iom/57JlVOVT1Qk9rXyBIZcxNfInrmsMC8y1AB/qWZmPVKiTeKMwd3q7S5kUiSBaA' +
      'C8LyRMe7Uw2mIoBHxZrtEjT66nPRSbSUtg67FLk27QDPsBVWAbhbbWU=',
  ),
  base64(
    'KLUv/WTcBPUKAKbRLBeAS9pYQSVUxJ4LiuKL3b1pZyJKERJTFS8AJAAhALUrk0upzmUey2HBOCQI9X9LHghWQQBIgaEoSIIEEIvAAAEgCkMDSWxWWABCOC' +
      'CO9Zh6+6boV5ZmNnSlDFrLmInGD5USsKEzHhXHAoUgbWMuHl0BteeYXdqkmRXE42G+fhfJ5td3Oif3zd7V0oe9LLuVeE0Kvjw6llI9VzmiFxp1zkUfey3t' +
      'yZerXnfy1FNKxJnrcQoDS6iBLIsk5PufAXBEojRnByEEDcOQNCkgYkQ0RmyQcgy2TNCdExecuqWhNrC1sbhl6ZXiNjDXuGQGO9MCg1IDIzEURdMWVWAV+N' +
      'GKB3Ax2qClch8yQGHYflkEiLCGUQWRAbcqECfI5bvWFxMFw+vaLnA96HBnabvw3gSOv5WTOlQIMgDRl19pp6TExKsA69XKsNG89BkMAVwRakABQJst7tem' +
      'c6Ewq1cBuFttZQ==',
  ),
  base64(
    'KLUv/WCEAq0QAEZ4hBeQJW0D6P9vtpl1E5HI7m6vPHZ3d3dHFn4AfgB6AF11HGcm7ZltA+d/ZgN1DHQK/YPFEDwHDR1QAmNDwNOxfFUBh1RK8MjxuNS2rp' +
      'X+KB/6f0Axa6Ox7VRSXUTqemzr38Rpaabd7QC2URzRHzQFWgIehVjBFsPENgOFQ8xvjiaq2qLFzHI4V0wtZFXlyqDFDVsEqpJghBCTnrz5BMV1lpgKLiro' +
      '9qAEw7cH3Q7JGCZmsIkPYlJOGQO/9CrNki2YucLxNWi3hO2IZATX704JDudICs0o24KwAL6qc4FwWB5v/0kgKeCyvkDKJk/eTsCC7eqm/xLrheGjt8tc3s' +
      'AxME67QryXnPKGKUYNFHfwlUcHnIpODEOaYgOjOomtn5gaIUPk7fgwOwegdu7MUJ+VUhonYUrz6CK0j9gyPVlJ8q+ZLPlLldYg0U6xKkzbMsObwSDFKDxL' +
      'WB+zGKKJJbl+lJ3xUYqD1SXYYKbSDscJn/3RjpM21JXc9NQENX7Co3Ngv5Hv51jJm6yfo7UIHV8XisbiGU8mpfL4LgQlOJWP3AivF1JCwT2U0F0OsBR+jz' +
      'vuXLcunp0StBlfVE8mbGOLCjlDpSZbRaNg0hKGTFpHg44QjO2ktkLIO7XkidRhZdATZrSdcwZIKAlUYDjD2i9QVU0c+mVziFxTawPyWsEqu9bhCX7b7MZA' +
      'B+opN6wNoKrZ4h4A',
  ),
  base64(
    'KLUv/QRYnQsANlEsGZC30AZ1oarepabQEOxupUX2pp1JkGB3DQgvACMAHwBGHmdSxRB/qSgwUBAk6v9VSBhHOQwjwGCRozAOAwUHgGEYC4GDUXAVXQ0joR' +
      'gIAXOjwqqSsUy5KvkyEc93mczMPJSM2aYnRiwQRZeUM7P3M7UCVXn3s8PM0+9Oya2vVD7WF6VmLfTVkOwSnk0tnt42oTa0calmmtPViJluqbdswRPRyT6W' +
      'evBOxE7oWkepMsQKW6hxoXLOef8zoGJs7DwRJAgBzGFJiogIiZCkUGO2DZfHSjOnVmDrOCQcRjMZhkruClY5KjExYV4vpTg07AbKhfpgoaAZxNB6BWiLYR' +
      'viDBtII6z63q2GwJyHxsXHtawr9jl5xZIiou4Bd6zRYnyIz1RyVYxPrLWvi7Skr5r4puHa7MJlK3IDxPyZu7vYGB8L4DZvm8+xw0kAAtp6a2hvyKgCQ1sI' +
      'uy0UbUvwzE9X77wmGarhxRjXu90j+LC1VwG4W21l',
  ),
]

export const referenceLz4: readonly Bytes[] = [
  base64(
    'BCJNGGRApw4CAADyGnsiaWQiOjI4NDY2Mywid2hvIjoiY2FybGEiLCJub3RlIjoibjQ4In0sKQBkNjU1NTMyKQBnZG1pdHJpKgA1bjg1KwBvOTk3MDI0Kw' +
      'AHRW5uMzEtAE8zNDc2LQAIFjJXAG80Mzg1ODKrAAUAVgAWNlYARTA2MzksADdib2IqABczqgBfMDgyMTdTAAcG/wBUMzcxMDYpADphbm56AFVubm4xMCwA' +
      'bzU4Mzg5OX0AAwMBACY4M4QAXzQyNjgw1wAIJm432ABvMTA2NjY5LQAIJTY0LABvNzUxNDA3WgEFFjOwAG4zNTIxMzCwAA+AAAFfMzIxOTIIAQIXN9QBXz' +
      'g5NDIzegAGBqMAbzQ5NzI4N1cBBCYzOX0CTzI3NzIkAQoJUgFPOTI1MlYAAwd5Am8xNTAyMDLTAQYmNTJ+AE83NTA2fgAHFjEmAm8yMzU1NDWoAAo2bm45' +
      'egFvODc4NTg4KgMJJm42LgBfNjY5MDZdAAoWOaoBbzc2NjA5Nd8ABAetAm82Mjg0MDizAAwHDQFPNzAwOAkDBQd+AF84OTEyMAMDChYzsQFPMjAzMV0DBw' +
      'dZAm81NzQ1NDStAAcH3wFvNDU5MDMzWwEKBy4BXzYyNTYwLgAHFzUCA080MzcwhgQIFjErAG84NDUxMTc1BAcXNAIBXzM3MjQ3YAQJB2AFXzIzMTc5tgQF' +
      'UG5ubm4zAAAAAApsrAI=',
  ),
]
