# shellcheck shell=bash
# Debian packages, unpacked into BACKLOG_HOME/debian; none of the machine's own is changed.

# Left out: Odoo's second copy and all its languages but Indonesian, and what no program needs.
NOT_UNPACKED=('*/dist-packages/addons' '*/i18n*/[!i]*.po' '*/i18n*/i[!d]*.po' '*/i18n*/id?*.po'
  './etc' './usr/share/doc' './usr/share/man' './usr/share/locale' './usr/share/icons')
# shellcheck source=/dev/null
SUITE=$(. /etc/os-release && echo "${VERSION_CODENAME:-}") # the machine's

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
APT::Update::Error-Mode "any";
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
    dpkg-deb --fsys-tarfile "$deb" |
      tar -xC "$into" --no-same-owner "${NOT_UNPACKED[@]/#/--exclude=}"
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
