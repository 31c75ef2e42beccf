from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.inventory_backlog.tests.bad_values import BadValueCase, cells

from ..common import MrpBacklogCase

BAD_VALUES = """
    mrp_bom.product_qty kit_bom            NaN Infinity 1e300
    mrp_bom_line.product_qty kit_line      NaN Infinity 1e300 0
    uom_uom.factor kit_unit                0 NaN Infinity -1 1e-300 NULL
    uom_uom.factor kit_line_unit           0 NaN Infinity -1 1e-300 NULL
    stock_move.product_qty kit_move        NaN Infinity 1e300 -5 NULL
    stock_move.quantity kit_move           NaN 1e300
    sale_order_line.product_uom_qty kit    NaN 1e300 0
    mrp_bom.product_qty made_bom           NaN Infinity 1e300
    mrp_bom.produce_delay made_bom         3000000 2147483647 -3000000 NULL
    mrp_bom.batch_size made_bom            NaN Infinity 1e300 0 -5
    mrp_bom_line.product_qty made_line     NaN Infinity 1e300 0
    uom_uom.factor made_unit               0 NaN Infinity NULL
"""
DOORS = (
    "backlog_of_orders",
    "cash",
    "dashboard",
    "kept_lines",
    "lines",
    "order_lines",
    "products",
    "promises",
    "quotation",
    "service",
    "suggestions",
)


@tagged("post_install", "-at_install")
class TestBadValues(MrpBacklogCase, BadValueCase):
    """What is bad in a bill of materials, or in what a kit is made of, stays there."""

    def setUp(self):
        super().setUp()
        self._good_world()
        bolt = self._product("Bolt")
        self._put_in_stock(bolt, 7)
        good_kit = self._kit("Good Kit", (bolt, 2))
        good_made = self._product("Good Made")
        self._bom(good_made, (bolt, 2))
        more = self._order((good_kit, 2), (good_made, 1))
        self.good |= more
        self.good_products |= good_kit | good_made

    def _units(self, count):
        return self.env["uom.uom"].create(
            [{"name": "Crate", "relative_factor": 1} for _n in range(count)]
        )

    def _bad_places(self):
        """Each bad value has a kit or a product of its own that is made."""
        places = []
        for table, column, row, value in cells(BAD_VALUES):
            unit, other = self._units(2)
            part = self._product("Part", uom_id=unit.id)
            self._put_in_stock(part, 4)
            whole = self._product("Whole", uom_id=other.id)
            kind = "normal" if row.startswith("made") else "phantom"
            bom = self._bom(
                whole,
                (part, 2),
                bom_type=kind,
                enable_batch_size=column == "batch_size",
            )
            order = self._bad_order((whole, 3))
            self.bad_goods |= whole
            records = {
                "kit_bom": bom,
                "kit_line": bom.bom_line_ids,
                "kit_unit": other,
                "kit_line_unit": unit,
                "kit_move": order.order_line.move_ids,
                "kit": order.order_line,
                "made_bom": bom,
                "made_line": bom.bom_line_ids,
                "made_unit": unit,
            }
            places.append((table, column, records[row], value))
        return places

    @mute_logger("odoo.sql_db")
    def test_a_bad_value_of_one_changes_no_figure_of_another(self):
        self._assert_same(self._bad_places(), DOORS)
