from . import test_analysis
from . import test_dates
from . import test_fields
from . import test_prepaid
from . import test_promise
from . import test_promise_kept
from . import test_search_on_documents
from . import test_value
