# Sourced by the `run` scripts of clients from PyPI: one virtual environment in the cache serves all new ones (an old client
# names requirements of its own before), and their programs are client.py and record-set.py beside the script, which use
# lib/python/text_client.py and lib/python/record_set.py.
. "$(dirname "$0")/../../lib/run.sh"
requirements=${requirements:-$lib/python/requirements.txt}
venv=$cache/venv-$(cksum <"$requirements" | tr ' ' '-')

client_install() {
  [ -f "$venv/complete" ] && return 0
  need python3
  python3 -m venv "$venv" >&2 || not_run "python3 -m venv does not work (Debian: python3-venv)"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2 || not_run "pip could not install $requirements"
  touch "$venv/complete"
}
python_client() {
  PYTHONPATH=$lib/python PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$here/client.py" "$@"
}
client_version() { python_client version; }
client_produce() { python_client produce "$@"; }
client_consume() { COMPAT_DEADLINE_S=$deadline python_client consume "$@"; }
client_transactions() { exec "$venv/bin/python" "$here/transactions.py" "$@"; }
client_security() {
  PYTHONPATH=$lib/python PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$here/security.py"
}
client_admin() {
  PYTHONPATH=$lib/python PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$here/admin.py" "$@"
}

record_set() {
  PYTHONPATH=$lib/python PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$here/record-set.py" "$@"
}
client_rs_capabilities() { record_set capabilities; }
client_rs_produce() { record_set produce "$@"; }
client_rs_consume() { record_set consume "$@"; }
