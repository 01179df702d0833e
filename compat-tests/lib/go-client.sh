# Sourced by the `run` scripts of clients from the Go module proxy that only run in the record-set matrix and, some, in
# security-clients: the program beside the script is built into the cache; go.mod and go.sum name the versions. One that needs
# a C compiler sets cgo=1 where there is one.
. "$(dirname "$0")/../../lib/run.sh"
record_set=$cache/$(basename "$here")-record-set
security=$cache/$(basename "$here")-security
admin=$cache/$(basename "$here")-admin

# A missing tool or registry is an absence; a program that does not compile is a defect.
client_install() {
  need go
  (cd "$here" && go mod download >&2) || not_run "go mod download failed (an old Go, or no module proxy)"
  (cd "$here" && CGO_ENABLED=${cgo:-0} go build -buildvcs=false -o "$record_set" . >&2)
  if [ -d "$here/security" ]; then (cd "$here" && CGO_ENABLED=0 go build -buildvcs=false -o "$security" ./security >&2); fi
  if [ -d "$here/admin" ]; then (cd "$here" && CGO_ENABLED=0 go build -buildvcs=false -o "$admin" ./admin >&2); fi
}
client_version() { "$record_set" version; }
client_security() { exec "$security"; }
client_admin() { exec "$admin" "$@"; }
client_rs_capabilities() { "$record_set" capabilities; }
client_rs_produce() { exec "$record_set" produce "$@"; }
client_rs_consume() { exec "$record_set" consume "$@"; }
