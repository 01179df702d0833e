// Opens many connections, asks one question on each as every client does first, and then leaves them open and silent until
// it is ended. They come from several loopback addresses, because one address has ports for some 28,000 only.
//
//   idle-connections PORT COUNT REQUEST-HEX
import { connect } from 'node:net'

const sourceAddresses = 8
const openingAtOnce = 100

const [port, count, requestHex] = process.argv.slice(2)
const request = Buffer.from(requestHex!, 'hex')

function openOne(number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + (number % sourceAddresses)}`
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress }, () => socket.write(request))
    socket.once('data', () => resolve())
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('a connection was closed')))
  })
}

let next = 0
async function openSome(): Promise<void> {
  while (next < Number(count)) await openOne(next++)
}
try {
  await Promise.all(Array.from({ length: openingAtOnce }, openSome))
  process.stdout.write(`open ${count}\n`)
} catch (error) {
  process.stderr.write(`connection ${next}: ${(error as Error).message}\n`)
  process.exit(1)
}
