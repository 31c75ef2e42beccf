# shellcheck shell=bash
# PostgreSQL: two private clusters, each on a socket of its own: `run`, whose data counts, and
# `test`, which trades safety for speed. The last command to leave stops the server.

# Sets PG* for Odoo, and the folder of what belongs to this database server.
setup_postgres() { # run|test
  local server=$home/server/$1
  if [[ ${PGHOST:-} ]]; then
    server=$home/server/${PGHOST//\//_}-${PGPORT:-5432}
    sql postgres "SELECT 1" >/dev/null || die "PGHOST=$PGHOST is no PostgreSQL we may use"
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
  local folder extension newest=
  for folder in "$1"/lib/postgresql/*; do
    extension=$1/share/postgresql/${folder##*/}/extension/unaccent.control
    [[ ! -x $folder/bin/initdb || ! -f $extension ]] || newest=$folder/bin
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
