{
    "name": "Inventory Backlog",
    "version": "19.0.1.0.0",
    "summary": "What customers ordered and you have not shipped: ready, short, "
    "on its way, to source",
    "category": "Sales/Sales",
    "author": "Inventory Backlog Team",
    "license": "LGPL-3",
    "application": True,
    "depends": ["sale_stock", "purchase_stock", "sale_purchase_stock"],
    "data": [
        "security/inventory_backlog_groups.xml",
        "security/ir.model.access.csv",
        "security/inventory_backlog_rules.xml",
    ],
    "pre_init_hook": "pre_init_hook",
}
