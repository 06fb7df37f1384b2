"""The columns that several reports have."""

from models.reports import words
from models.reports.report import Column
from models.reports.words import Text

TIER = Column("tier", words.TIER, "text")
CLASS = Column("class", Text("Class", "类别"), "text")
N_CUSTOMERS = Column("n_customers", words.CUSTOMERS, "count")
CUSTOMER_SHARE = Column("customer_share", words.CUSTOMER_SHARE, "share")
N_CONTACTS = Column("n_contacts", Text("Contacts", "联系次数"), "count")
EFFORT_SHARE = Column("effort_share", Text("Share of effort", "投入占比"), "share")
NET_REVENUE = Column("net_revenue", words.REVENUE, "money")
REVENUE_SHARE = Column("revenue_share", words.REVENUE_SHARE, "share")
EXPECTED_VALUE = Column("expected_value", words.EXPECTED, "money")
EXPECTED_SHARE = Column("expected_share", words.EXPECTED_SHARE, "share")
CHURN = Column("churn_probability", words.CHURN, "share")
VALUE_AT_RISK = Column("value_at_risk", words.AT_RISK, "money")
