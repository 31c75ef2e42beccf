# shellcheck shell=bash
# Odoo 19: Debian's package or a checkout.

ODOO_SUITE=sid # the Debian suite that has odoo-19
ODOO_TESTED=19.0.0+dfsg-1
LINKED_SUITE=trixie # the suite whose files fit the links inside odoo-19
LINKED_PACKAGES=(libjs-jquery libjs-jquery-form libjs-underscore fonts-font-awesome
  fonts-montserrat fonts-roboto-unhinted fonts-inconsolata fonts-ocr-b)
odoo=("$venv/bin/python" -m odoo)

# Odoo is configured by its own variables; no file of the user's is read.
setup_odoo() {
  local source=$home/debian/odoo/usr/lib/python3/dist-packages folder paths=()
  if [[ ${ODOO_SOURCE:-} ]]; then
    source=$(realpath "$ODOO_SOURCE")
  else
    once odoo 1 unpack_odoo
  fi
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
  grep -q "^odoo-19_${ODOO_TESTED}_" "$into/packages" ||
    say "note: this was tested with odoo-19 $ODOO_TESTED"
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

last_module() { # log
  sed -nE 's/.*: Loading (module .*\)).*/\1/p' "$1" | tail -1 | grep . || echo "Odoo starts"
}
