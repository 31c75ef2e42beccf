"""Words that many files share: states, and groups of users."""

# Of stock moves that are still to be done.
OPEN_STATES = ("waiting", "confirmed", "partially_available", "assigned")
BACKLOG_STATES = [
    ("ready", "Ready to ship"),
    ("partial", "Partly ready"),
    ("incoming", "Backorder, on its way"),
    ("to_source", "Backorder, to order"),
]
# Of purchase orders that the vendor need not know of yet.
REQUEST_STATES = ("draft", "sent", "to approve")
# Until somebody has decided to order it, a request can go to another vendor.
MOVABLE_STATES = ("draft", "sent")

# Of suggestions: there is one of a kind for each product and warehouse.
OPEN_SUGGESTIONS = ("proposed", "snoozed", "dismissed")
BUYING = ("buy", "dropship")
# Kinds that make no document: accepting asks somebody to do something, or confirms what
# is there.
ASKED = ("expedite", "confirm")
# The parts of ``backlog.need`` that somebody asks for.
ASKING = ("want", "shelf", "chained", "late", "draft")

# Customers read their own orders in the portal, but not how we supply them.
INTERNAL = "base.group_user"
VALUE_GROUPS = "inventory_backlog.group_backlog_user"
MARGIN_GROUPS = "sales_team.group_sale_manager,inventory_backlog.group_backlog_manager"
# Who can read purchases.
PURCHASE_USERS = "purchase.group_purchase_user"
# Who can read transfers.
TRANSFER_GROUPS = f"stock.group_stock_user,{PURCHASE_USERS}"
# Who reads reorder suggestions and prices of vendors.
BUYERS = "inventory_backlog.group_backlog_purchase"
# Who decides about the settings.
MANAGERS = "inventory_backlog.group_backlog_manager"
