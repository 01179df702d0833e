/** A record that is entered, before it is sent; pure. */
import type { Bytes, RecordJson } from '../../api/types.js'

export type FieldKind = 'text' | 'base64' | 'null'

export interface EnteredField {
  readonly kind: FieldKind
  readonly text: string
}

export interface EnteredRecord {
  readonly partition: string
  readonly key: EnteredField
  readonly value: EnteredField
  readonly headers: readonly { readonly name: string; readonly value: EnteredField }[]
}

export const emptyRecord: EnteredRecord = {
  partition: '',
  key: { kind: 'text', text: '' },
  value: { kind: 'text', text: '' },
  headers: [],
}

/** The same bytes again; where they go is for the key to say. */
export const enteredFrom = ({ key, value, headers }: RecordJson): EnteredRecord => ({
  partition: '',
  key: fieldFrom(key),
  value: fieldFrom(value),
  headers: headers.map(header => ({ name: header.key, value: fieldFrom(header.value) })),
})

const fieldFrom = (field: Bytes | null): EnteredField =>
  field === null ? { kind: 'null', text: '' } : { kind: field.encoding === 'utf8' ? 'text' : 'base64', text: field.data }

/** As the API takes it. An empty key is none: a record with a key of no bytes is nothing that anybody enters. */
export function inputOf({ partition, key, value, headers }: EnteredRecord) {
  return {
    ...(partition === '' ? {} : { partition: Number(partition) }),
    key: key.kind === 'text' && key.text === '' ? null : fieldInput(key),
    value: fieldInput(value),
    headers: headers.map(header => ({ key: header.name, value: fieldInput(header.value) })),
  }
}

const fieldInput = ({ kind, text }: EnteredField) => (kind === 'null' ? null : kind === 'text' ? text : { base64: text })

/** What is wrong with it, or null. */
export function problemOf({ partition, key, value, headers }: EnteredRecord): string | null {
  if (!/^\d{0,9}$/.test(partition)) return 'The partition is a number, or empty.'
  const isWrong = ({ kind, text }: EnteredField) =>
    kind === 'base64' && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
  if ([key, value, ...headers.map(header => header.value)].some(isWrong)) return 'What is marked as base64 is none.'
  return null
}
