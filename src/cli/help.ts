/**
 * What `gregor --help` prints. The texts are the reference of the command line; a test holds them to 80 columns.
 */
import { exitCodes } from './exit-codes.js'

export const helpText = `Usage: gregor <command> [options]

A broker that speaks the Apache Kafka wire protocol.

Commands:
  start      start a broker
  verify     check a data directory that is not in use
  user       add, list or delete users who log in with a password
  dump       show what is in a data directory or one of its files
  ping       ask whether a broker answers, as a health check does

Options:
  --help     print this, or the help of the command
  --version  print the version
`

export const startHelpText = `Usage: gregor start [server.properties] [options]

Starts a broker, prints one line on stdout when it is ready, and runs until
SIGTERM, SIGINT or SIGHUP. A second signal ends it at once. With TLS, SIGHUP
reads the certificates again instead. Logs go to stderr;
if they are not read, lines are dropped and counted.

Arguments:
  server.properties     a configuration file as for Apache Kafka

Options:
  --listen HOST:PORT    address to listen on (127.0.0.1:9092); port 0 is a
                        free port, host 0.0.0.0 every interface
  --port PORT           the same on 127.0.0.1
  --advertise HOST:PORT address advertised to clients; by default each client
                        gets the address on which it reached the broker
  --data-dir DIR        data directory (./data); several: with commas between
  --ephemeral           keep data in a temporary directory that is removed at
                        the end, and never sync it
  --add-scram USER      make a user who is not there yet, as kafka-storage takes
                        one: 'SCRAM-SHA-256=[name=alice,password=secret]'; may
                        be repeated
  --dev-security        for development: a second listener, SASL_SSL, one port
                        up, with a certificate and two users made for it; prints
                        what clients need to connect
  --config KEY=VALUE    set any configuration key; may be repeated.
                        gregor.http.listener=HOST:PORT is where the console and
                        the HTTP API are (127.0.0.1:8080); empty: nowhere
  --json-logs           log JSON lines even on a terminal
  --help                print this

Configuration is taken from the command line, then KAFKA_* environment variables
(KAFKA_NUM_PARTITIONS or KAFKA_CFG_NUM_PARTITIONS for num.partitions), then
server.properties, then defaults. docs/config.md lists every key. CLUSTER_ID is
the id of a new cluster.

Exit codes:
  ${exitCodes.clean}  stopped by a signal, cleanly
  ${exitCodes.fatal}  a fatal error, or a shutdown that timed out
  ${exitCodes.usage}  wrong arguments or an invalid configuration
  ${exitCodes.portInUse}  the port is in use
  ${exitCodes.dataDirectory}  the data directory is in use, corrupt or not usable
  ${exitCodes.diskFailure}  the disk failed
`

export const userHelpText = `Usage: gregor user add NAME [options]
       gregor user list [options]
       gregor user delete NAME [options]

Users of SCRAM in a data directory that is not in use; while a broker runs, use
kafka-configs or any admin client. add takes the password from the first line of
stdin, and replaces what is there for the mechanism.

Options:
  --data-dir DIR    data directory (./data)
  --node-id ID      node.id of the broker (1)
  --mechanism NAME  SCRAM-SHA-512, the default, or SCRAM-SHA-256
  --iterations N    how often the password is hashed, 4096 to 16384 (4096)
  --help            print this

Exit codes:
  ${exitCodes.clean}  done
  ${exitCodes.usage}  wrong arguments, or there is no such user
  ${exitCodes.dataDirectory}  the data directory is in use, corrupt or not usable
  ${exitCodes.diskFailure}  the disk failed
`

export const pingHelpText = `Usage: gregor ping [options]

Asks a broker for its API versions, which needs no login. Without an address it
asks the broker that the environment configures, as gregor start reads it: in a
container the one that runs there.

Options:
  --bootstrap-server HOST:PORT
                   the broker to ask
  --tls            the address speaks TLS: a handshake is answer enough, and no
                   certificate is checked
  --timeout-ms MS  how long to wait (4000)
  --help           print this

Exit codes:
  ${exitCodes.clean}  it answers
  ${exitCodes.fatal}  it does not
  ${exitCodes.usage}  wrong arguments, or the environment is no configuration
`

export const verifyHelpText = `Usage: gregor verify DIR… [options]

Checks every file of a data directory, of Gregor's or of Apache Kafka's: batches
by checksum and offset, indexes against batches, producer state, leader epochs,
checkpoints, and the records of internal topics. Changes nothing. The directory
must not be in use. A broker with several (log.dirs) is checked as a whole when
all of them are named.

Options:
  --json    print one JSON value instead of lines
  --help    print this

Exit codes:
  ${exitCodes.clean}  everything is as it should be (notes may have been printed)
  ${exitCodes.usage}  wrong arguments
  ${exitCodes.dataDirectory}  damage was found, or the directory is in use
  ${exitCodes.diskFailure}  the disk could not be read
`

export const dumpHelpText = `Usage: gregor dump DIR|FILE… [options]

Shows the batches of a data directory, of a partition's directory or of one
segment; the entries of an index; the producers of a snapshot. Records of
__consumer_offsets and __cluster_metadata are shown decoded. Changes nothing.

Options:
  --records  show every record, not only the batches
  --help     print this

Exit codes:
  ${exitCodes.clean}  shown
  ${exitCodes.usage}  wrong arguments, or nothing that can be shown
`
