# shellcheck shell=bash
# Python: the machine's own or Debian's, and virtual environments made with it.

UV=uv==0.13.9

# Sets $python, the interpreter that the virtual environments are made with.
setup_python() {
  local candidates=(python3 python3.13 python3.12 python3.11 python3.10)
  [[ ! ${PYTHON:-} ]] || candidates=("$PYTHON")
  for python in "${candidates[@]}"; do
    if usable_python; then break; else python=; fi
  done
  if [[ ! $python ]]; then
    [[ ! ${PYTHON:-} ]] || die "PYTHON=$PYTHON is not a Python 3.10 to 3.13 with venv"
    once python 1 unpack_python
    python=$home/debian/python/usr/bin/python3
    LD_LIBRARY_PATH=$(libraries python)
    export LD_LIBRARY_PATH
  fi
  python=$("$python" -c 'import sys; print(sys.executable)')
  [[ -f /etc/ssl/certs/ca-certificates.crt ]] || setup_certificates
}

# What pip and uv trust, on a machine that has no such list or names its own.
setup_certificates() {
  local dir=$home/debian/certificates
  if [[ ! ${SSL_CERT_FILE:-} ]]; then
    once certificates 1 unpack_certificates "$dir"
    export SSL_CERT_FILE=$dir/all.crt
  fi
  export PIP_CERT=${PIP_CERT:-$SSL_CERT_FILE}
}

unpack_certificates() { # folder
  unpack_debian certificates "$SUITE" download ca-certificates
  cat "$1"/usr/share/ca-certificates/mozilla/*.crt >"$1/all.crt"
}

usable_python() {
  "$python" -c 'import sys, ensurepip
sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null
}

unpack_python() {
  local into=$home/debian/python wheels=/usr/share/python-wheels # of pip, for venv
  unpack_debian python "$SUITE" install python3-venv
  sed -i "s|'$wheels|'$into$wheels|" "$into"/usr/lib/python3.*/_sysconfigdata_*.py
}

setup_venv() { # folder requirements
  once "${1##*/}" "$python $(sha256sum <"$root/$2")" create_venv "$1" "$root/$2"
}

create_venv() { # folder requirements
  say "Python packages of ${2##*/}, for $("$python" --version)"
  rm -rf "$1"
  env -u PYTHONPYCACHEPREFIX "$python" -m venv "$1"
  "$1/bin/pip" install -q "$UV"
  "$1/bin/uv" pip install --no-cache --python "$1/bin/python" -r "$2" && return
  say "uv could not (it does not read pip's configuration): pip, slower"
  "$1/bin/pip" install -r "$2"
}
