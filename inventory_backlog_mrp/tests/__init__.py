# Odoo runs the test modules that this package holds by name.
from .act import *
from .kept import *
from .line import *
from .reorder import *
from .report import *
from .split import *
from .vendor import *
from .whole import *
