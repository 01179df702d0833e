# Sourced by the `run` scripts of clients that are npm packages: the project's own lock file installs them, and their
# programs are client.ts and record-set.ts beside the script, compiled with the other compat tests.
. "$(dirname "$0")/../../lib/run.sh"
program=$dist/clients/$(basename "$here")/client.js

client_install() {
  need node
  [ -f "$program" ] || not_run "$program is not built (npm run build)"
}
client_version() { node "$program" version; }
client_produce() { exec node "$program" produce "$@"; }
client_consume() { exec node "$program" consume "$@"; }
client_transactions() { exec node "$(dirname "$program")/transactions.js" "$@"; }
client_security() { exec node "$(dirname "$program")/security.js"; }
client_admin() { exec node "$(dirname "$program")/admin.js" "$@"; }

record_set=$dist/clients/$(basename "$here")/record-set.js
client_rs_capabilities() { node "$record_set" capabilities; }
client_rs_produce() { exec node "$record_set" produce "$@"; }
client_rs_consume() { exec node "$record_set" consume "$@"; }
