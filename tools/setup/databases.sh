# shellcheck shell=bash
# The databases of ./dev run and ./dev test.

# What the addons stand on; tests run on a copy of a database with TEST_MODULES.
RUN_MODULES=sale_management,sale_stock,purchase_stock,stock_dropshipping,mrp,sale_mrp,purchase_mrp
TEST_MODULES=$RUN_MODULES,sale_purchase_stock,mrp_subcontracting,stock_account
TEST_MODULES+=,account_payment,sale_margin,delivery,rpc,base_automation,product_expiry
LANGUAGES=en_US,id_ID
DATABASE=inventory_backlog # of ./dev run; the names of all others begin with it

addons() { (cd "$root" && printf '%s\n' */__manifest__.py | sed 's|/.*||' | paste -sd,); }

# Changes with every file of the addons but their tests.
addons_state() {
  (cd "$root" && for addon in */__manifest__.py; do
    find "${addon%/*}" -type f ! -name '*.pyc' ! -path '*/tests/*'
  done | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | cut -c-16)
}

has_database() { [[ $(sql postgres "SELECT 1 FROM pg_database WHERE datname = '$1'") ]]; }

our_databases() { # rest of the name, a regular expression
  sql postgres "SELECT datname FROM pg_database WHERE datname ~ '^$DATABASE$1\$'"
}

drop_database() {
  sql postgres "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)"
  rm -rf "${ODOO_DATA_DIR:?}/filestore/$1"
}

copy_database() { # database name
  sql postgres "CREATE DATABASE \"$2\" TEMPLATE \"$1\""
  cp -al "$ODOO_DATA_DIR/filestore/$1" "$ODOO_DATA_DIR/filestore/$2"
}

# Builds it under another name first: a database that has its name is complete.
create_database() { # name modules option…
  drop_database "$1_draft"
  say "database $1: $2"
  odoo_logged "$1" -d "$1_draft" -i "$2" --load-language "$LANGUAGES" "${@:3}"
  finish_draft "$1"
}

finish_draft() { # name
  local files=$ODOO_DATA_DIR/filestore
  rm -rf "${files:?}/$1"
  mv "$files/$1_draft" "$files/$1"
  sql postgres "ALTER DATABASE \"$1_draft\" RENAME TO \"$1\""
}

odoo_script() { # database: runs the standard input in Odoo's shell
  "${odoo[@]}" shell -d "$1" --no-http --log-level=warn
}

# The database of ./dev run, with the addons as they are now, and what the webhooks of
# docs/api.md need.
prepare_run_database() {
  local state known key=inventory_backlog.dev.state
  has_database "$DATABASE" || create_database "$DATABASE" "$RUN_MODULES" --with-demo
  state=$(addons_state)
  known=$(sql "$DATABASE" "SELECT value FROM ir_config_parameter WHERE key = '$key'")
  [[ $known != "$state" ]] || return 0
  say "addons: $(addons)"
  odoo_logged addons -d "$DATABASE" -i "$(addons),base_automation" -u "$(addons)" --with-demo
  say "web assets"
  odoo_script "$DATABASE" <<END
for bundle in "web.assets_frontend", "web.assets_frontend_lazy", "web.assets_web":
    env["ir.qweb"]._get_asset_bundle(bundle, css=False).js()
    env["ir.qweb"]._get_asset_bundle(bundle, js=False).css()
env.cr.commit()
END
  sql "$DATABASE" "INSERT INTO ir_config_parameter (key, value) VALUES ('$key', '$state')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value"
}

# Sets $base: what all test runs copy, with what the addons stand on.
prepare_base_database() {
  local key old
  key=$(odoo_version; echo "$TEST_MODULES $LANGUAGES"; cat "$root/requirements.txt")
  base=${DATABASE}_base_$(sha256sum <<<"$key" | cut -c-12)
  if ! has_database "$base"; then
    for old in $(our_databases '_base_.{12}(_(core|others)_(with|without))?'); do drop_database "$old"; done
    create_database "$base" "$TEST_MODULES"
  fi
}

# Sets $template: a copy of it, with the addons as they are now and all web assets.
prepare_template() {
  local key old draft
  prepare_base_database
  # Odoo makes assets anew when the time of a file is another.
  key=$(echo "$base"; addons_state; cd "$root" && find ./*/static -type f -printf '%p %T@\n' | sort)
  template=${DATABASE}_template_$(sha256sum <<<"$key" | cut -c-12)
  ! has_database "$template" || return 0
  for old in $(our_databases '_template_.{12}(_draft)?'); do drop_database "$old"; done
  draft=${template}_draft
  copy_database "$base" "$draft"
  say "addons: $(addons)"
  odoo_logged test-addons -d "$draft" -i "$(addons)"
  ! grep -qE '^20.* (WARNING|ERROR|CRITICAL) ' "$home/log/test-addons.log" ||
    die "the installation warns"
  say "web assets, about half a minute"
  odoo_script "$draft" <<<'env["ir.qweb"]._pregenerate_assets_bundles(); env.cr.commit()'
  finish_draft "$template"
}

# Sets $test_database: a copy of that, of which pytest's workers make copies.
prepare_test_database() {
  local pid
  end_orphans
  for pid in $(pids_of_tests); do [[ -d /proc/$pid ]] || drop_test_databases "$pid"; done
  prepare_template
  test_database=${DATABASE}_test_$$
  copy_database "$template" "$test_database"
}

# Of every ./dev test that has databases or files, also those that were killed.
pids_of_tests() {
  { our_databases '_test_[0-9]+.*'; ls "$ODOO_DATA_DIR/filestore"; } |
    sed -nE "s/^${DATABASE}_test_([0-9]+).*/\1/p" | sort -u
}

# Its own, those of its workers, and those that tests make.
drop_test_databases() { # process id
  local database
  for database in $(our_databases "_test_$1([^0-9].*)?"); do drop_database "$database"; done
  rm -rf "${ODOO_DATA_DIR:?}/filestore/${DATABASE}_test_$1"{,[^0-9]*}
}
