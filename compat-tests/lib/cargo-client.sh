# Sourced by the `run` scripts of clients from crates.io, which only run in the record-set matrix: the program is built into the
# cache by one job, as the tests share their machine; Cargo.toml and Cargo.lock name the versions.
. "$(dirname "$0")/../../lib/run.sh"
name=$(basename "$here")
target=$cache/$name-target
record_set=$target/release/gregor-compat-$name

# A missing tool or registry is an absence; a program that does not compile is a defect.
client_install() {
  need cargo
  need cc
  export CARGO_TARGET_DIR="$target"
  (cd "$here" && cargo fetch --locked --quiet >&2) || not_run "cargo could not fetch the crates"
  (cd "$here" && cargo build --release --locked --jobs "${COMPAT_BUILD_JOBS:-1}" --quiet >&2)
}
client_version() { "$record_set" version; }
client_rs_capabilities() { "$record_set" capabilities; }
client_rs_produce() { exec "$record_set" produce "$@"; }
client_rs_consume() { exec "$record_set" consume "$@"; }
