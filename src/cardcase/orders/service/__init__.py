"""Take in what the channels say of orders and refunds. Mirrors: nothing here is written from our own state (I4).

One call, one transaction, a handful of statements for thousands of notices; one record entry a row that changed.
"""

from cardcase.orders.rules import Taken

from .orders import ingest_orders
from .refunds import ingest_refunds

__all__ = ["Taken", "ingest_orders", "ingest_refunds"]
