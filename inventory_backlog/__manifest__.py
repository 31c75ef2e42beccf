{
    "name": "Inventory Backlog",
    "version": "19.0.1.0.0",
    "summary": "What customers ordered and you have not shipped: ready, short, "
    "on its way, to source",
    "category": "Sales/Sales",
    "author": "Inventory Backlog Team",
    "license": "LGPL-3",
    "application": True,
    "depends": ["sale_management", "sale_purchase_stock"],
    "data": [
        "security/inventory_backlog_groups.xml",
        "security/ir.model.access.csv",
        "security/inventory_backlog_rules.xml",
        "views/backlog_line_views.xml",
        "views/product_product_views.xml",
        "views/product_template_views.xml",
        "views/res_config_settings_views.xml",
        "views/sale_order_views.xml",
        "views/stock_move_views.xml",
        "views/stock_picking_views.xml",
        "views/backlog_menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "inventory_backlog/static/src/**/*",
            ("remove", "inventory_backlog/static/src/views/backlog_graph/**/*"),
        ],
        # Odoo loads its graph view on demand, so ours comes with it.
        "web.assets_backend_lazy": [
            "inventory_backlog/static/src/views/backlog_graph/**/*",
        ],
        "web.assets_tests": ["inventory_backlog/static/tests/tours/**/*"],
    },
    "demo": [
        "demo/res_partner_demo.xml",
        "demo/stock_warehouse_demo.xml",
        "demo/product_demo.xml",
        "demo/stock_demo.xml",
        "demo/sale_order_demo.xml",
        "demo/purchase_order_demo.xml",
        "demo/stock_picking_demo.xml",
        "demo/account_move_demo.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "uninstall_hook": "uninstall_hook",
}
