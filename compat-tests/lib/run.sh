# Sourced by each client's `run` script. Gives them the verbs and their contract:
#
#   run install                                   make the client usable here; exit 77 with a reason when it cannot be
#   run version                                   print what is being tested, one line
#   run produce BOOTSTRAP TOPIC FILE              each line of FILE one record, in order, no key, acks=all
#   run consume BOOTSTRAP COUNT (TOPIC GROUP OUT)...
#                                                 as a new group from the earliest offset; OUT gets one line per record,
#                                                 `partition<TAB>offset<TAB>value`, until COUNT records or the deadline
#                                                 (COMPAT_DEADLINE_S, 60); offsets are committed; exit 1 if any is short
#
# Three more for the clients of the record-set matrix (../harnesses/record-set, where expectation.ts and record-set.ts are);
# RS_PROFILE names one of several profiles of the client:
#
#   run rs-capabilities                           print what the client can say and read, as JSON (expectation.ts)
#   run rs-produce BOOTSTRAP (TOPIC CODEC FILE)...
#                                                 each line of FILE (record-set.ts) one record to partition 0,
#                                                 in order, acks=all, compressed with CODEC, many records to a batch
#   run rs-consume BOOTSTRAP (TOPIC COUNT OUT)... the first COUNT records of partition 0 (or of a new group), as they come
#
# Both print `done TOPIC` after each topic, and end with `TOPIC: reason` on stderr and exit code 1 at the first that fails or
# takes longer than RS_DEADLINE_S (10).
#
# And one for the clients of ../harnesses/transaction-walks:
#
#   run transactions BOOTSTRAP TOPIC GROUP ID     walk.ts there: a topic of one partition, a group, a transactional id
#
# And one for the clients of ../harnesses/security-clients:
#
#   run security < PLAN                           each line of PLAN is a login to try, fields NAME=VALUE between tabs
#                                                 (security-client.ts); all are tried at once, and each is told as it ends
#
# And one for the clients of ../harnesses/admin-clients:
#
#   run admin BOOTSTRAP KEYS                      call each method of the admin client; KEYS are the APIs that may be asked for,
#                                                 between commas. Prints `row<TAB>METHOD<TAB>OUTCOME` for each call and
#                                                 `missed<TAB>METHOD` for a method that was never called
#
# A script defines client_install, client_version, client_produce and client_consume, or client_rs_capabilities and so on, and
# ends with `dispatch "$@"`.
# Nothing is installed into the repository: downloads and builds go to $cache (and Debian packages to the system).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lib=$here/../../lib
dist=$here/../../../dist/compat-tests
cache=${GREGOR_COMPAT_CACHE:-${TMPDIR:-/tmp}/gregor-compat}
deadline=${COMPAT_DEADLINE_S:-60}
profile=${RS_PROFILE:-}
export RS_DEADLINE_S="${RS_DEADLINE_S:-10}"
mkdir -p "$cache"

not_run() {
  echo "not run: $*" >&2
  exit 77
}

need() {
  command -v "$1" >/dev/null 2>&1 || not_run "$1 is not installed"
}

# Runs a command as root when that is possible without asking anybody.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The package lists of a fresh container are empty or stale, hence the second try.
apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1" >&2 && return 0
  as_root apt-get update -q >&2 && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1" >&2
}

# For clients that take one subscription per process: calls consume_one TOPIC GROUP OUT for each.
each_subscription() {
  short=0
  while [ $# -ge 3 ]; do
    consume_one "$1" "$2" "$3" || short=1
    shift 3
  done
  return $short
}

dispatch() {
  verb=${1:-}
  case $verb in
    install | version | produce | consume | transactions | security | admin)
      shift
      "client_$verb" "$@"
      ;;
    rs-capabilities | rs-produce | rs-consume)
      shift
      "client_rs_${verb#rs-}" "$@"
      ;;
    *)
      echo "usage: run install | version | produce BOOTSTRAP TOPIC FILE | consume BOOTSTRAP COUNT (TOPIC GROUP OUT)..." >&2
      echo "       run transactions BOOTSTRAP TOPIC GROUP TRANSACTIONAL_ID" >&2
      echo "       run security < PLAN" >&2
      echo "       run admin BOOTSTRAP KEYS" >&2
      echo "       run rs-capabilities | rs-produce BOOTSTRAP (TOPIC CODEC FILE)..." >&2
      echo "       run rs-consume BOOTSTRAP (TOPIC COUNT OUT)..." >&2
      exit 64
      ;;
  esac
}
