{
    "name": "Inventory Backlog: Kits and Manufacturing",
    "version": "19.0.1.5.0",
    "summary": "Whole kits, manufacturing orders as supply, lines that wait for "
    "raw material",
    "category": "Sales/Sales",
    "author": "Inventory Backlog Team",
    "license": "LGPL-3",
    "depends": ["inventory_backlog", "sale_mrp"],
    "data": [
        "security/ir.model.access.csv",
        "security/inventory_backlog_mrp_rules.xml",
        "views/backlog_suggestion_views.xml",
    ],
    "demo": [
        "demo/mrp_bom_demo.xml",
        "demo/sale_order_demo.xml",
        "demo/backlog_suggestion_demo.xml",
    ],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
