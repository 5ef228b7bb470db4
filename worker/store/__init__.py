"""State as rows: the only package that speaks SQL.

`Connection` is exported for the signatures of transactions that callers write: functions of a connection.
"""

from sqlalchemy import Connection as Connection
