/** How a listener protects, and what a client shows of itself. */

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** One attribute of the subject of a certificate, its value as text and as DER. */
export interface NameAttribute {
  readonly oid: string
  readonly value: string
  readonly der: Uint8Array
}

export type Subject = readonly (readonly NameAttribute[])[]
