/** From it come the salts of unknown SCRAM users, kept with the data: a salt that changes tells that there is no such user. */
import { type Bytes, fromBase64, toBase64, utf8Decode } from '../../base/bytes.js'
import type { World } from '../../base/world.js'
import { type Files, replaceFile } from '../files.js'

export const saltSecretFile = 'gregor-salt-secret'
const secretBytes = 32

/** Of the directory, made at the first start that needs it; a file that was cut short is made again. */
export async function saltSecret(files: Files, folder: string, world: World): Promise<Bytes> {
  const kept = files.readWhole(`${folder}/${saltSecretFile}`)
  const secret = kept === null ? null : fromBase64(utf8Decode(kept, 0, kept.byteLength).trim())
  if (secret?.byteLength === secretBytes) return secret
  const made = world.randomBytes(secretBytes)
  await replaceFile(files, folder, saltSecretFile, `${toBase64(made)}\n`, true, true)
  return made
}
