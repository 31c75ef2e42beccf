# shellcheck shell=bash
# The databases of ./dev run and ./dev test.

# What the addons stand on; tests run on a copy of a database with TEST_MODULES.
RUN_MODULES=sale_management,sale_stock,purchase_stock,stock_dropshipping,mrp,sale_mrp,purchase_mrp
TEST_MODULES=$RUN_MODULES,sale_purchase_stock,mrp_subcontracting,stock_account
TEST_MODULES+=,account_payment,sale_margin,delivery,rpc,base_automation
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

# Builds it under another name first: a database that has its name is complete.
create_database() { # name modules option…
  local draft=$1_draft files=$ODOO_DATA_DIR/filestore
  drop_database "$draft"
  say "database $1: $2"
  odoo_logged "$1" -d "$draft" -i "$2" --load-language "$LANGUAGES" "${@:3}"
  rm -rf "${files:?}/$1"
  mv "$files/$draft" "$files/$1"
  sql postgres "ALTER DATABASE \"$draft\" RENAME TO \"$1\""
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
    say "web assets, about half a minute"
    odoo_script "$base" <<<'env["ir.qweb"]._pregenerate_assets_bundles(); env.cr.commit()'
  fi
}

# Sets $test_database: a copy of it.
prepare_test_database() {
  local old
  for old in $(our_databases '_test_[0-9]+'); do
    [[ -d /proc/${old##*_} ]] || drop_database "$old"
  done
  prepare_base_database
  test_database=${DATABASE}_test_$$
  sql postgres "CREATE DATABASE $test_database TEMPLATE $base"
  cp -al "$ODOO_DATA_DIR/filestore/$base" "$ODOO_DATA_DIR/filestore/$test_database"
}
