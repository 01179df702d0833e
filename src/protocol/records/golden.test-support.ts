/**
 * Batches and compressed bytes that other encoders made, for the tests of this folder and of the rooms above. Nothing here
 * comes from the project's own encoder.
 *
 * java      kafka-clients 4.2.0: MemoryRecords.builder with each Compression, CREATE_TIME, producer 4711 epoch 3, base
 *           sequence 2147483646, partition leader epoch -1, and the four records of `javaRecords`
 * marker    kafka-clients 4.2.0: MemoryRecords.withEndTransactionMarker(42, 1700000000000, 7, 4711, 3, COMMIT epoch 9)
 * kafkajs   kafkajs 2.2.4: RecordBatch v0 with two records
 * streams   the command lines of zstd 1.5.4 and lz4 1.9.4 over `sampleText`
 */
import { type Bytes, fromHex, utf8Encode } from '../../base/bytes.js'

function base64(text: string): Bytes {
  return Uint8Array.from(atob(text), char => char.charCodeAt(0))
}

export const javaBatches: Readonly<Record<'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd', Bytes>> = {
  none: fromHex(
    '00000000000000000000016fffffffff02c57d57ea0000000000030000018bcfe568000000018bcfe568fa000000000000126700037fff' +
      'fffe000000044c0000000a616c7068611666697273742076616c7565040a747261636504c3a40a656d707479011a00f40302010c6e6f20' +
      '6b6579001400010408676f6e650100f80300c801060874657874e003736f20697420676f65732c20736f20697420676f65732c20736f20' +
      '697420676f65732c20736f20697420676f65732c20736f20697420676f65732e20736f20697420676f65732c20736f20697420676f6573' +
      '2c20736f20697420676f65732c20736f20697420676f65732c20736f20697420676f65732e20736f20697420676f65732c20736f206974' +
      '20676f65732c20736f20697420676f65732c20736f20697420676f65732c20736f20697420676f65732e20736f20697420676f65732c20' +
      '736f20697420676f65732c20736f20697420676f65732c20736f20697420676f65732c20736f20697420676f65732e2000',
  ),
  gzip: fromHex(
    '0000000000000000000000a8ffffffff0214fc21dc0001000000030000018bcfe568000000018bcfe568fa000000000000126700037fff' +
      'fffe000000041f8b08000000000000fff3616060e04acc29c848144bcb2c2a2e51284bcc294d65e12a294a4c4e6539bc842b35b7a0a492' +
      '518ae10b3313234f5ebe42766a25830803230b477a7e5e2a23c30f6686138c6c1c25a915250f988bf315324b14d2f3538b75144863eb91' +
      'a87e70e86500002cd53bae3e010000',
  ),
  snappy: fromHex(
    '0000000000000000000000b7ffffffff02ea501b720002000000030000018bcfe568000000018bcfe568fa000000000000126700037fff' +
      'fffe0000000482534e4150505900000000010000000100000072be02f0584c0000000a616c7068611666697273742076616c7565040a74' +
      '7261636504c3a40a656d707479011a00f40302010c6e6f206b6579001400010408676f6e650100f80300c801060874657874e003736f20' +
      '697420676f65732c20b60c00042e20b63000002c1d30fe3c00e63c000000',
  ),
  lz4: fromHex(
    '0000000000000000000000b1ffffffff02a27806cc0003000000030000018bcfe568000000018bcfe568fa000000000000126700037fff' +
      'fffe0000000404224d1860408271000000ff4a4c0000000a616c7068611666697273742076616c7565040a747261636504c3a40a656d70' +
      '7479011a00f40302010c6e6f206b6579001400010408676f6e650100f80300c801060874657874e003736f20697420676f65732c200c00' +
      '1b1f2e30001c172c30000f3c00635065732e200000000000',
  ),
  zstd: fromHex(
    '0000000000000000000000b3ffffffff02f871aa2a0004000000030000018bcfe568000000018bcfe568fa000000000000126700037fff' +
      'fffe0000000428b52ffd0058b4030024064c0000000a616c7068611666697273742076616c7565040a747261636504c3a40a656d707479' +
      '011a00f40302010c6e6f206b6579001400010408676f6e650100f80300c801060874657874e003736f20697420676f65732c202e2c2e2c' +
      '2e2c2e200007008028c0384064c010403c60b0ec9b250a010000',
  ),
}

export const javaRecords = [
  {
    offset: 0,
    timestampMs: 1_700_000_000_000,
    key: 'alpha',
    value: 'first value',
    headers: [
      { key: 'trace', value: 'ä' },
      { key: 'empty', value: null },
    ],
  },
  { offset: 1, timestampMs: 1_700_000_000_250, key: null, value: 'no key', headers: [] },
  { offset: 2, timestampMs: 1_699_999_999_999, key: 'gone', value: null, headers: [] },
  {
    offset: 3,
    timestampMs: 1_700_000_000_100,
    key: 'text',
    value: 'so it goes, so it goes, so it goes, so it goes, so it goes. '.repeat(4),
    headers: [],
  },
]

export const javaMarker: Bytes = fromHex(
  '000000000000002a000000420000000702a8da87310030000000000000018bcfe568000000018bcfe5680000000000000012670003ffff' +
    'ffff000000012000000008000000010c00000000000900',
)

export const kafkajsBatches: Readonly<Record<'none' | 'gzip', Bytes>> = {
  none: fromHex(
    '00000000000000000000004900000000022bec84dc0000000000010000018bcfe568000000018bcfe568faffffffffffffffff00000000' +
      '0000000000021a000000026b04763102026802781200f403020104763200',
  ),
  gzip: fromHex(
    '00000000000000000000005d000000000298787dbb0001000000010000018bcfe568000000018bcfe568faffffffffffffffff00000000' +
      '0000000000021f8b08000000000000039362606060ca6629336462ca60aa1062f8c2ccc4c85266c400009e17e7d518000000',
  ),
}

/** `length` bytes of made-up words, the same ones each time; from 6,000 on they repeat. */
export function sampleText(length: number): Bytes {
  let state = 7
  const below = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return Math.floor((state * limit) / 0x1_0000_0000)
  }
  const words = Array.from({ length: 400 }, () =>
    Array.from({ length: 2 + below(8) }, () => String.fromCharCode(97 + below(26))).join(''),
  )
  let text = ''
  while (text.length < 6000) text += `${words[below(below(400) + 1)]} `
  text = text.slice(0, 6000)
  return utf8Encode(text.repeat(Math.ceil(length / 6000)).slice(0, length))
}

/** The compressed forms of `sampleText(size)`. */
export const streams: readonly { readonly name: string; readonly codec: number; readonly size: number; readonly bytes: Bytes }[] =
  [
    {
      name: 'zstd -3',
      codec: 4,
      size: 300000,
      bytes: base64(
        'KLUv/QRYfEkAGnuQEhKQzwFggw022CKDzf//Pzj/lQMdASMBJgGgoNu5Xqm7dVfzHJN6m5AdQRJ8bf1ZLXtOrkFNZTGeN2pl0FkTt3Z/PHPDiz' +
          'kqM6Y/BVdcsJBXWd+dbGcOSMqnFsANsMYtzaz9XOZnkHhP8FhUlsA0WYAxmCPXZzqvg4+MSDYt+1R36r1GqXOGj7XaOmScgG73ib0q1FS3fduY' +
          'LMclPKPDMOj1rd/RrxTYeIqMP0CuvkcuPfIVBwhCxn5CClUdiPZnfi57mse9mXAfGmXXnM1N/QFplG/2mkhLn67dBvTQhzZ8O2ORGK0fibihGc' +
          '+bVBm9hF0kif5eChWs+mjCOWlnnO9djeEpJOfdsXxr5F8W530HTCgWjXkxFxAgC6Fap4H9NSeiebuzNl4CDIqR/AsoSsNHfhab7OR0xmVfw23k' +
          '/NnmQnmldy4VpBUvjPhOCRfk2wlJS6BRj7OKQai+poPVqpUPKP/I0le+KlV71iuDouLTSd57SGk4YJa6XgWmbKf49lAfBnwmlsK1ABcp6YXRm7' +
          'phJGP7zy2IWB3WvQBmlSXnshY2NSsVmOr+HDfQaiRQAx8luTyMiuqqaQ3RNF0TlfMOyyE9Bt5GkJGPPvbKBvm48iHYijx5wRA81KI4pULB9NME' +
          'VAqpOMkU78T1+70S2sXrjtBjxjqXAe4LBNeNY0ei0DeTJVpnOre5P9huOaWH3dIMG6ek0EB6KMBzWYzPu4d9oJY4ZVOqikZjlG0X4kVx2JtInB' +
          'Jd1901T3Rmbp6hNNXd6w7hZSYPxQROstHemHFSEMeuIEnvtNMRCsACk6nSK2BtPdwql4xheXHNjLGFogSRrlrlTXOx+HYH3IpRIyfjiPAeCjbp' +
          'lnyUBEIh36gZGYJeSRoAal6QV1RyU9Ek2btVO7Eeryb4uNAkEA25Y7+KlCdg3Dgut6UWudTudq4u5USVCSQ7Ju3+jFOsDSMHlODmXRhHk7CINI' +
          'IDq1C2aruVTt1SPi5yqYcylU/jbifsrGtYQHwygCAfT6qz0sumGJMmFlocpDW1VOJr5UpdGCbSOCjlxyaaDTTBJ6Z9USvxiLAqQh8GUBbHPdMr' +
          'SQeGcNwjcm2gaTHBNbF5Kue2edktNbFTVp2u1Wcek7WN2hh3xrzl1uqfy9J0pMB19By69J2KeserF/RccHolumA/XKOG5VOYaGytcpUXyaoIDw' +
          'EvijPci2nCjTUanrmda6lY6bsog566UFnRdRhgwWWXYRmXRqJGEA5MAVI9AXBblo+QeVpso+s2EG24M8GOOYBvGXZ2LrXkPcPwtU4ZJOgRKw3V' +
          'jlmq2i12woUOVQkb3zjHBKKxqCY9i9HcEl5M+CwMFUQMS3Et5btczd/RCMU7QIKyveTESpUr942IyR2OWaAPN46UEVA+XfbRKEAlsmAVs+J6rU' +
          'zkDHKZSh2I5MqzHKvYuS6Rj6Q53mw4lYBrOMZL64163I/7CVWEiukhixviRv1AO1OB2w6BR5V25J7LOiwZ3WIl0i2wczk6HSqzvySzaD/shiCC' +
          'FcM9siuOvWPY+TZqGpjh0ULFUanrUlxlQLmYF+ARCLZ7NfnKxmUadx7gVvO0A4ICqEIUGEZIITQyIyOSJEk6ElBAKBwYVXbuAxKoEjkdRXXa//' +
          '//DHLoc3dZ/qBt5XkDg3hf3CD504UzBaAoQiZKNqQpLELAwHApqI3x2lGMVoOuqjtg5Vyds8JlLJVX+glcMk9qI6VGQu3vH8di3WKmCg9E9XHW' +
          'BPgLsbyycXF6jqaIRbLPVrVHYCehfhVx2pFiph1RSd2jdJSvsyh2SNiAlU93hp4eYmPxIkqfR3CS26hHON7kiQxstFB8IztqkAP+NH55/g6bBp' +
          'D5mWboonGGp2zFRW57u3ZNQExFZOalTL17xdfVH9EHonCYdED7HqNhODHIrI9bI5AXgs1UfJx0yDS3AoSnkTo2DCg2vJcKt+4vX0LeK1k7ClRx' +
          'q1EdcABWmQsgryNHtx8P+OMkT2rt4SgAvddfePRsSBbNKCPzYCSAeMYd5yNQU8INnuEiy2ZSp/mQ0H2FiPqaMxPRJxbuRi9ha5f31wnwP7NdaN' +
          '/1kFIbcb+u2iEvGynmGz5aiLwOXzEtHgwMRkR2AOIn47H5oDF6wIALSLrE+aysKzDCLkIX5JoT3DJIyRjyQXEHr0stbvtHcp0kjy/H6IvclnPQ' +
          'OAuzDjcP/BWcZyuMbnqubqBvKEaMoz4MS9ROsZhdVS6cNBrnga5XbExiv4rQtQXbCAi+a0HgOQpdQQ8K1b1ufEcBOetfH5fS8Wb0nDmSQwqfJb' +
          'HWl0qvtR9CXBpYOJEF5riQ7Q4D1f4MH4JxkaUJKQDDK2YcdfK6lzVlu7Jgb4H8H46yScJQmsViPb4iXZeleBTJhSV9kWLgoWTULdKBGDstEA2I' +
          '5BWSDmVzwLEFIMPfXRgzz/dFDgbI31bl21hZqYuwEnOjPgyOK+cbkI3exMYHizb035M8IJQS5UZp+ZGBu2PXXw+TyyUCdziwgZ9B5zsAh4D5h5' +
          'KuUlCRiFqVZys1fw3FLncR54JZOaV2Qey1+MEaFwSKu7L3kH4Ey6WpLMXyIjAJjBTUm23QY6G0zW1gkhHa4xAhpAU4+ZvEwsXFvZqt6UH7TtlY' +
          'YDI0kiLT9IZxF7sOrtV+zWGoiERRdUFu+PN6njGrmcG+wxEEl3f9SGw2IARFR4Lgt1Un/5YkP88H4q6uhXeHJB8F2m2t0EAmkr/yVdWDZp0ZgS' +
          'n72RP7rOTcx2lgYaJGDJocRmsuy59CuBZfReNq1YD5S2yMKSb4X5OzNtD8CJWj7DFJwgPBFOd/HkPS5fpo0UHKyDhsQ2TJ3KJqB/UHZew1MniO' +
          'Q+NduI2HdplgVmCsKXRPwLM6x2BC8fBZQ5+rh7zYm6GKC9Fh6JXJmOQ30RtCtMm1kcMx/yiLDIbeL86ykPymzEGMxVdJ6ImMPqIC7aeHPogAax' +
          'fjzPH+xh2xIedmq7SOYEMQERCVwO1Xyij//zCmClPNklilbAtpKYfzgow0BCXrtDqaUuOAD0glhbpacwfZYeOvLtkeVwRYxXPhiFlq0K4Hi+aQ' +
          '7NdyiBGYcjQz1G7BIMhIRySulTdOHF8lJF8TCjvrmcb9+i40SpvwQQslJK/t9GPYsxVMAAAIcgEA/P85EAJNAAAIZwEA3BMdCAHBeKOF',
      ),
    },
    {
      name: 'zstd -19 without checksum',
      codec: 4,
      size: 6000,
      bytes: base64(
        'KLUv/QBoFUcAKnD8EBKQzwFggy0y2AQZbP7//8H5rxwGAQgBDAHMdVxjGsogPL/oKoPOmrD03g9nbEBFwnSn3oLrFXIaqXvHduaAYny6AvQAa9' +
          'hymbUfy+wMEr8SOAZVJS9JFh4M5qjveUrb75CRyGRll+qtftcoVMrwsVZbh4wTcJt9Yo4KJdXrtW1IjuPxnXHDMOjUrdtxTyeo8JQIf0Bc1x51' +
          'OmQrDtB7jP2EFKg6EO3O/Fj2JE+/mWAf2mTWnI1N9+NNGH/ZaSItXXZ7Dejhnnnfb5uKxGj3kAgbLmN5kyiblrCLFNGdS4GCRQ9NOCftjLN9Ux' +
          'icQlG+T2VLId8yKK07YEIxaMyLuXgA1ffU+gzsrrWA5rfP2ngJLyhG8S4gGA2feFlqqpIDrBalfDD5J5ZrFb2SQsXnpmjt35zhgFm61Cog423F' +
          '9g71YcBl4ii6hbdISS+M3pQNI5l673o9xOio/QJYvaKmVqMCUtmf0wOtRsI07zASy8OoO2mA5s4lUTnur/zNY55tBJnopmOnbJAP++jQu4q4eM' +
          'EPONSg+JxCvfTTxFMKKSiJFO6kr7u18dXF603mMWMBvhforZtmJ6JwbyRLk8p0bOu712z5nIfZ0gwbp6TQQHIovHNZjM/vHfVhVtKqpkTVhMao' +
          '2i6Eg+KwN5HOKc1l+31ZojNreX7R0La2/55lFv+EBB3ZaG/MdBSk2dUjyZ32CQp6let09mtfyTNM6k0+dgRJ77TdS1oDi8HfVowaORlHhNdir3' +
          'gYyXsiMjLEtJE0AADfK3lBXFGppZopst+rbovleDXBp0OLqE/9KjGegGHhsHzrrLdvKSeqSBC5mdy+a2XieBHcOPvgaPEVkUZosMpki7bX2MqW' +
          '8mEN5dP4thPu2vcVAF0MIMTDk6ik87GpyFg0sMzSb9LUUoFhGDjhmJMPm2g1zPSeeF6LWoFHhEURmgxOG8kN/N6wR8TWMNNigmli81SObdIyW2' +
          'hipyxKnTlMtV7Uxngb41avdZNsUt46co3sdJ+C2uHoxTwXnFyBHepHv3IpDDSV0rjKS2RUhIcp4aqnwTZy7mrrUE6nlUuFWNnK+NbjR1oCF91x' +
          'VjEIUXfnCA6K0y/mEm6szeDMUpDOquxTVVxqmR22JyRqBNFACpDoCYBv5egIkZ+ltrnsHX0m2DEHzy3DrVZs155h2NYeBgx1m9Wpbi92gn2NaH' +
          'yNLZSDQSXnGYTGlvBiwmXhpx6KUUmEoB0gvdhcarES5WshYmJHMwv00eOwjdFBo8CMqIJlFgQkyhCXobMB5DhWsSQ6kuT4ZaNVAn3fGC6tYT/s' +
          '5VPwKZ6HLG6IHWhHKmDbIe+o8kvsDSvCXqxEegVVrp6yUZH3KzKL9sNsCCJUMfqQuzRzx7CzvcjwuELBQWffUppyceGdV5Tk2LhI00fJzwufAG' +
          'yGGBOdVjza7uhVHhm/8tKXGWMLwQjgXJRGm2SCKqjiFE4hoxCJiIiIJEmSDhJQQCgkGqxr+QESoLDBAlJ0dFDJcAMT8Mdq0CVxaOqjM8lEYDOn' +
          'sGGyiFABQ08QY++2rRggoBwZWOoGzLjCAmNmzVgxZBwJgQ7PnFPaFDCwPtDS91/ckd66mBYdSD/OgVoTWL3QwCtg4D3yiHGxf+bkERRIKq0iBu' +
          '3gTVdEnNQJIUJmlg/L/8Qw6ozy4aKXjzVZZOYxl3eTSKM64biAYxlcC3j4JsI2csaap5Y4UMeHaaf9nTniHC7y7FnanUFcfKSxObCaX+O6+4g1' +
          'HCdfeJjugPQeHxd3hU1TNRhBLaSoqbieJKrT9AtkT1d1LAuINQRLK8OY5IvenqHBU7VU40gtoyefXM244M11DHUr8GA8CvlJyxEcAqD1Gh/9Fv' +
          'X6aFFb5uDJD0Y8Chbshgux9pX3CIpRWg6+4pLbbzgZG9Kgr3BiRzMHo18Q6hgnrQZ0l/81BNyemQ+XHaSkRHHf8tqk148kdYOD1iFP8fnZHBHH' +
          'm+woIqsm/GAU7YjE5ZG1BlggGZV7mzAWitmqXcDsQOZr3vqYcYLxLjffJl0qcNMfcyfEhteAXuzK5IamCOOmha03z/Aq9WQymr8M7fFuVlhtFM' +
          'agj2IJ7CBu9vfOh8qONOJcoguaDULYociutpWN902FSf8c7iu8wUv3tqt5TGzP3P8avVAfb349t454SM1cEq++YNKS9rCKg8DUiT4wX0y2dxCo' +
          '8jONxuMSmAQMJvxj5kwdw32ztHofJxacFAj+hwmXu6FAFsT1SkVXjkdA8XMgWe56MlLUGsg2jz0eH8wIKDZcIAi4vULSvuwlHPMO+ZP6bzGTdH' +
          'lfcmCgta0BPSGnlJIwPbPVR0d5ByDlmHiVTQIWHIroiTadLfmbxkIg5FqUX6WEzzp3kFonz0D/Lu6wmWcK6ZPiSaFFoqMq5K20/rpsF6KhUUdr' +
          'c1Y81qD0jo5HkZU88gybewhYCUVpmkRBXhZ+iATrnW1U86faVA2MBZD3aC+ICbiMG9AbrQeXAPfabEIP7R3TKD3WNEJ2hm8Qd3Y67qud1Kr5Kt' +
          'R/BSW7j4LlYfwaxJiiGW3fcoThUqwnxKzBKqGoEnROWp32LSRf6AfZ5XJhw2y/A5QPn1Ot7AbCkESAr0s9wKx8RMdsg6fRwIpWdzj1Dvs1HtA2' +
          'jPldgk+D69vd9BqqpNfg5RVrdWNsMmHzdE02qBK7BwquSA3h2aXzeXO3/o9FzSJpMQaUhbGocVpeb9wH4BtUNIntfR5LCdBe4YYeyprfPMAPNz' +
          'ZH6sWzpK4aFSKNB+s0k/uBxGfvreJJaNQ77HtVB+Frk6nz70TU4dK3iX84zxcy5Tf0frG24OYY/UZzGIyFrtbwBNJN2scbIA20gj7Yjx2c/nV8' +
          '2MAlZpwhWtJ1W4aInqzkHHtwYNh+RGWU6A99ah5qDvFKUYdElxv7hXhJghqTFtunvA7+VaVB5W17j6XQvD87v/2XuA3IzM2LYFDxZM6YoREU9b' +
          'DuObBf5xRz6FXTAs2MxC3AH2ToiFxW4FhwtNjQQUNf3xzFwjXC6NqRi9jTRj1ocSF5dKcfU+qt',
      ),
    },
    {
      name: 'zstd -1 of a few bytes',
      codec: 4,
      size: 40,
      bytes: base64('KLUv/QRIQQEAaHV4a3hmdSB0aWhndHNqYnEgdGpobGJyYmYgZG9uIHB6IGdzY3BvcZqyGyY='),
    },
    {
      name: 'lz4 -9, linked blocks of 64 KiB',
      codec: 3,
      size: 70000,
      bytes: base64(
        'BCJNGERAXnkOAADx62h1eGt4ZnUgdGloZ3RzamJxIHRqaGxicmJmIGRvbiBweiBnc2Nwb3EgbmJ2IG1scnJ4amFyYyBnZiBnZ3NubGNuYSBxeX' +
          'VzbnkgaHN3eWh4aXAgdXRqbHFic3dwIHloIGRpb2UgaWJncyB3bWF3YmtxcSBqdGtjIG5leXZud2tnIHVobnpieWNlcyB6b2RjanhncHogcnp2' +
          'aXpiIGpieCBvcHUga29la3cgbnogdHN2cmQgemt5Z2ggZ3ludm9iIHliZ28gcGl1ayBueWkgZ3Egb2NhIGx3YmtiaSBubnJyamEgY3locyBrcG' +
          'ogeXptdGFpIHN0ZmlzeGHgAPQJdncgemR5IG1xdyBqZ2RiemRpcnQgZHRo9gD3A3Vkb3l6eCBsdWxjd3FuayB5byoB9Cp6YWUgZGVpbW9tbWQg' +
          'YnV1d2ZkbXogbHAgbHUgbnh1bnRlbnMgcnB5dXZoIHpwaiBnYnNyYm51a3IzAdJleGxzbnFhdXogY2pnKwHHcWhoeWkgb25oemZ5awBSZG1hZH' +
          'DoAPAVYWN6ayB0dGpiaGggb3RwIHF3dHcgZWZybXNtcmxxIGtzdWZqoAH0AmJ5Z3FkIHp6d3ljb24gamdszQCzemp6IGlzc253Z3YlAAMZAfhg' +
          'ZG10cHFueHd1IHpvdyBya2VjaW5ydW8gbGtzaCB1bCBweCBwdncgbXV4IGpmYXYgb2lxa2VybCBucGVjdHBnbm8gb2RudHBhdWNyIHRuaHlyci' +
          'BweXlwd2d0cmggdXBuaCBqdWh6cCBweW12a2toLgD0BmtjbyBuaWNzcWNjIG94bGdnc3Zsd0UA9Q1ra3hscGV4dmIgeGR6eiBpaG5tZmggcmJq' +
          'cWth4QBkb2JrZmlkBwDyCW5nb2Z5bml2diBmeW9ycSBwb3lpa3V3djAC9QdrbnVnIHpianRpbnBnIG1yamMgemhh0AAChAEAUAIBXAH2DG1kZ2' +
          'l2ZXAgbWhteHJ0eXkgcXpwZSBxY3VldRkCAXcCJnNsEQDzE2psbHJjb2kga3JsY3Z2IGNzb2pxYXJoYyB0cWVsenJqcXTJAvUAeWQgZWRudyBu' +
          'cXZxdGdqmwHyBWVveXJnaXZyIGZyIHFpZmp1bXZ6AQFxZ3Nid3Z6bHAAANgB5WdkaHlldHMgcmd2YmVvvALUbWpkcGlpIHlsdWFsdHMCY3hva3' +
          'hjeuMAA2ABAOoAA1ECcGV4bHhuYWbrAQbtA/QQZHduanJtcHEgenhna2RieWxvIGpoZiBrZmVtcmJvcJEB1WN0aGt1IGFnZCBsZHpmAwU+AQVP' +
          'ACZ5aCwEBuICI2xwjQICRwAGwQGHenR1YWx5d3pnAgSmAPgCa25oYSBidnZyIHl5dGt6aWg8AgTHBCVsc/oCAC0BUHd1endsIADVeXpmdGkgaH' +
          'ZhIGh3d0cCBIUCAy8BBvIABvcDB8sBJG1sXwFhaGR2enF3GAEGIAAnamo3ACdnZtUANm1pZDsEBjEAAJsDAD0BVmFrb2VyOwGRdXggaHJtcnR1' +
          'mwQGVAMFwwIleWhwAgUUAAGLAHR4dGJsbXV5EwIEXAL0EnZ3IGZicG94cSBpZW95YncgeG1zdXZiIGJjd250ZiBmbTEABFYAAfADkHR3d3hnc2' +
          'djdZMCBIQBALMAAGsA8RlwZCB4YnBzZnFraGMgaXZjIHdxZHl3Y3YgcXZ5anBxaiBtcmZlcHVrzgAAcgLUem1tcG1xZ2dwIGRkb5gCAgQFAVsD' +
          'p2p6eHhrcyBncXcaBgAPBgInAoF3bWZpbmt3ZroDBI0AA7YBMnlueUoAAXUE9wF1b3lpZmsgZ2hrd2hjbm1rQQFgdmJ4eWVqgwMGqAE2cnJomw' +
          'EFZgBgYnpldHl2rgMac70BAWMAAYQCA7UFJ2522wADRwEBIAAF8wYAIwMhamqABid3bf4BN2JjaQ4AA5MBA9EEBIkBRnNmb2qRAwIqAf8IeXp2' +
          'aGsgcmt2YnhvY29zIGh2dmRzdnMpAgEzZ2Ri/AMAygUDXAABKwEABQNxc2Zrb2t3dqEAlHJwZnZmc2d0biUBFW5EBDBsb3RCAgMzBOR1d2tpcy' +
          'B0YmFidHFzYbcAJ2ZyBgHyAHpweHBoZSBvemhvaWh3Z4kDA1cAAO8CBjIIA5IABqwBALgHA6sDA0wB5HlkIGZmeWxwdHggb3dtKwMFXgQBnQUG' +
          'MgYhbnZtAARLAwW3AYZmbWFwYmRrY6kEIWZymwJEdG9kc+kAA44ABLAGBfIItHJ5cWcgYXRyZHRn3AABRQYGugYEVwkA5AEBGwABBQAibHCwBR' +
          'BxWAkAbQAEuAInZWgcBALhBwVsAwaaAgMkAwEPBGZwaHRhdWYlBgIKAgTBAQVEBgFZBgSLCAPzAwbABEFsZSBmYAYErAMkZnrAAQoCAQBzACRw' +
          'eigIBp4BBDIHAKYBBagFUHh2eHpoKAMDSwAFdAEDbAQFmgUheWQXCQUQAASKAQPsBAF3CAbWAgK1B1ZhZSB0dG0Jd2ZtIHhpcGpsAgCJBwb/AQ' +
          'IsBAY6BgH/BwQDBgJqBlR0b2JwaZwABmoEBncBAUUBA/sAAZQAYmhjb21ocZEA4m1jcHpsenogbnRrdmx1ogkEPAoCeARwcGtsZnFlY0EJAKsE' +
          'A2kAVmFhb2V0GwFieXZjZGVuXwACoAMEkQYAYAVAdGNycuEHInRtsAZEcHRvcs4BAEADd2JjaWRlIGW4BAP7CgFYCUNvamhsfwkDJAYFTwgAkQ' +
          'CncHogc25tdWt5dKEDA+MAAosAhHd3bXZzYXRz7AIBMARlam1ubm5ocgIEdAQBaAABBgF2enBmIGZyaKwBIG50rwELqwUEkwAD3QMETwAGagwh' +
          'cGSbBAJAAwRdCQKYAAFsAACrCgMZAwI2BwOlAAXyCQbJAQWBBWZyY3l2d2tHBRd0igEmbmKzBgSdAAE2AkJuYWNy9AEwc3p2zgEFTwACfAMATA' +
          'ECGgqFaXBndWZob3Q1BgQlAQFGBwNbAQK9AAECCgSuAwYOAhdoeQggdWx2DCJmcgMBA08MQmlyYnHyDBJmjwEEwgMAIAIEbwABhwElaHfoBQYT' +
          'AQWDCidwZrUEBPwIIWZ6AgYAIgYGEwyGZHNsY3pkaGf2CyZidusDBdEJA8kCA94BAgkCI2p6iwADtQQC5QcDZAEGpQYEGgIQeQ0FNmlxbmEBAb' +
          '0MBSQGAX4FUHBmcGhzHQIGbgEF2gkGoQ0E9wb0CmN4YmNiYnluaSBvY2hodG0genVmanB1dnBGDAONBgWLBADxBAN3DmRheCBrY2zuBgWUAGRo' +
          'bXBzdG38CiRiengCAJUBB9QACNoLBoABInllVAID5AgHkAEVekoDYWZsaXJlaYoBBiEKA4cENG95YdUBJGx1aQQE5QoCmQNGaW9hcaEFAIQBBA' +
          'wARGhqb2hjDwa/DgEpBQYGCYJtZWl2aGxycxUHMGxyda4FJXlk0QgD2gIHzQxXanogbWuJDgb3BQCsAgLwBJdxZGRyenBha2xpBSJwZMMFBTAA' +
          'BG8HBbgGt256IGR1a2VxdGV5cQAAmAAFmgQCZAcFtAAhZm2UCgAuCwBsAQVnBwMIACBzYdwCA4kDdWdtdGJ1dGXIEAHjAwFzBDhzbWdaCAEZAA' +
          'UeAAZKCAKSB3RtYXhqdHZhIQEGAwIBRA4gbGcPBwGfAxhzHQAF0gQBwQAkdHTWBQduDCh5aMoJBHkBBOEFBbECJ2lkNAQCIAUELABxcGQgamNo' +
          'aLIDJ3Bk2Q8CJwB0eWVoanN5egQDAhUABGQOAb0BBKwDAisHJGh3vwYBxAIEPwAGzg8laHcwBwNfAwZcETFrbWNACgNLAALqBwG1BEFwa3Fvvg' +
          'cFkQFzdHJrYWR5cw4EAVwFJWpqDQcAuBEgdWx/ASV0dF0MAHUGAZYABk4CAHoEAIgGB6ADBtQBBrIJl2pybHJoZnUgYm0CAEYRUWZ5Z3NzKRID' +
          'JA0HVgsFdQgldWy3AwbUEQUrBCZzbqgBAOEABioTM2R1c2cEAlEBA2UEE3nhBXVvcnR3anByeQkDCQsDvQ8FCgNXeWJpbm3+AgVJBQKbDgECAW' +
          'Zwemx2eG7QDCFwepACJWxkUBECXwYDQxAApwEAegQCCRIFWQwC9AQGAAoDwAQA7w0B3gIHRAwF8gAD1AAC5wAAygUMjgYicHgNByN5aHMDAfMC' +
          'AisSJXVwywQCZgdDZ2RpeS8AAOcBAw8HA3YGCcMAJXpvswEGeRMEQwsDLwIGGQAAyw8GGQMFIxQERgIA4gMEdgzQcGhnbXFyYSBnaW5jblEDBE' +
          '4ABS4AAOUBAYwABJoRBBUBL3p59g8BBLABDA4KA9EF4212b3hmdiB1ZWVxdGh4DgMDIwAAdQgA6gREYml3a1IMImFjIQEHexAEUgN0dWFwY2Jk' +
          'bPMBAoUDTWVzdnA6CiN5ZKwEBhQKBAYEAE0DBOAMBQQSBkkDBtgABTgSAJAPAPoBBmUAJmF4DQAEWAAjYWdODwQBBoZ3emN4bHJ5bCgNFXFgBQ' +
          'KwBgBVAACrAgR9BQVyAFFmeiB2d50BBsIIAjMABG4ABX8ABi0MMnNsbYEAAEkBJWdxThAB5gQDYRIDFAABowKFYnZvbm9oZXrfAQYDBRFnEREB' +
          'fAQGAAsAXwkPcBf///////////////////////////////////////////////////////////////////////////////////////////////' +
          '//////////////////////////////////////////////////////////////////////////////////////////////////////////////' +
          '/////////////////////////////////////////////////////////////////////////////////////////////////////////2FQIH' +
          'Vkb3kbAAAAD3AX//////////////////////9pUGxpcmVpAAAAANNWV9U=',
      ),
    },
    {
      name: 'lz4 -1, independent blocks with checksums, no content checksum',
      codec: 3,
      size: 1000,
      bytes: base64(
        'BCJNGHBArXoDAADx62h1eGt4ZnUgdGloZ3RzamJxIHRqaGxicmJmIGRvbiBweiBnc2Nwb3EgbmJ2IG1scnJ4amFyYyBnZiBnZ3NubGNuYSBxeX' +
          'VzbnkgaHN3eWh4aXAgdXRqbHFic3dwIHloIGRpb2UgaWJncyB3bWF3YmtxcSBqdGtjIG5leXZud2tnIHVobnpieWNlcyB6b2RjanhncHogcnp2' +
          'aXpiIGpieCBvcHUga29la3cgbnogdHN2cmQgemt5Z2ggZ3ludm9iIHliZ28gcGl1ayBueWkgZ3Egb2NhIGx3YmtiaSBubnJyamEgY3locyBrcG' +
          'ogeXptdGFpIHN0ZmlzeGHgAPQJdncgemR5IG1xdyBqZ2RiemRpcnQgZHRo9gD3A3Vkb3l6eCBsdWxjd3FuayB5byoB9Cp6YWUgZGVpbW9tbWQg' +
          'YnV1d2ZkbXogbHAgbHUgbnh1bnRlbnMgcnB5dXZoIHpwaiBnYnNyYm51a3IzAdJleGxzbnFhdXogY2pnKwHHcWhoeWkgb25oemZ5awBSZG1hZH' +
          'DoAPAVYWN6ayB0dGpiaGggb3RwIHF3dHcgZWZybXNtcmxxIGtzdWZqoAH0AmJ5Z3FkIHp6d3ljb24gamdszQCzemp6IGlzc253Z3YlAAMZAfhg' +
          'ZG10cHFueHd1IHpvdyBya2VjaW5ydW8gbGtzaCB1bCBweCBwdncgbXV4IGpmYXYgb2lxa2VybCBucGVjdHBnbm8gb2RudHBhdWNyIHRuaHlyci' +
          'BweXlwd2d0cmggdXBuaCBqdWh6cCBweW12a2toLgD0BmtjbyBuaWNzcWNjIG94bGdnc3Zsd0UA9Q1ra3hscGV4dmIgeGR6eiBpaG5tZmggcmJq' +
          'cWth4QBkb2JrZmlkBwDyCW5nb2Z5bml2diBmeW9ycSBwb3lpa3V3djAC9QdrbnVnIHpianRpbnBnIG1yamMgemhh0AAChAEybnlpXAH2DG1kZ2' +
          'l2ZXAgbWhteHJ0eXkgcXpwZSBxY3VldRkCAXcCJnNsEQDzE2psbHJjb2kga3JsY3Z2IGNzb2pxYXJoYyB0cWVsenJqcXTJAvUAeWQgZWRudyBu' +
          'cXZxdGdqmwHyBWVveXJnaXZyIGZyIHFpZmp1bXZ6AQFxZ3Nid3Z6bHAAANgB5WdkaHlldHMgcmd2YmVvvALQbWpkcGlpIHlsdWFsdM8ajtwAAA' +
          'AA',
      ),
    },
  ]

/** zstd 1.5.4: bytes that copy from here, then from one further, again and again, which uses every kind of recent distance. */
export const recentDistances: { readonly plain: Bytes; readonly zstd: Bytes } = {
  plain: base64(
    'Q+hOVzSYEzwBv6vIYnpOXky6sAyF+qdYuZmZVZNItztRrLSo2y2HMT+RXfY03chq9JvmYZR57zyy7neuXfY03chq9GGUee88su53rl3dyGr0YZ' +
      'R5PLLud65d3chq9MPbLYcxP5FdNN3IavSb5mGU7zyy7neuNN3IavSVavRhlO88su53Xd3IavRhlHk8d65d3chq9MN3rjTdyGpq9GGU7zyyd13d' +
      'yGr0YZR5PK5d3cjDd6403chqZnDF7zyy7ndd3chq9GF5PHeuXd3IasN3rjTdyGpq9GE8sndd3chqlHk8rl3Dd6403chqZnDF77J3Xd3IeTyuXc' +
      'N3NN3IamZwxe+yXd3IeTyuXcN3NN1qZnDF77Jd3ciuXcN3erJd3ch5PMN3NN1qZnDFXd3Irl3Dd7Jd3ch5PMN3NGpmcMVdxcN3NGpmcMXDdzRq' +
      'ZnDFw3c0ZnDFw3dwxcN3cMXDd3DFd3DFd3DFd59TcMXDd3DDd3DFd3BwxXefU3DFw8N3cMV3xXefU8XDw3dwRnsTw8N3cMV3xXefU8N3cEZ7E8' +
      'PDxXfFd59Tw3dwE8PDxXfFd59Tw3fDw8V3xZ9Tw3fDw8V3xXgp+EZ7E8PDxXd3n1PDd3ATw3fFd59Tw3fDxXfFn1PDd8M=',
  ),
  zstd: base64(
    'KLUv/QCI5QQAtARD6E5XNJgTPAG/q8hiek5eTLqwDIX6p1i5mZlVk0i3O1GstKjbLYcxP5Fd9jTdyGr0m+ZhlHnvPLLud67DlWZwxXrFn1NGex' +
      'N4Kfg3qGGb3P83EGhCexAYiK6qA0FlVls9VP4TcywUBv9Fjl4ICr0ch7SFvT5Z+6x7gePTuKaULWy1vOvj05dgGUGxsx35o9x+WU8n4uyCS8Qq',
  ),
}
