"""How the models of each kind of churn are fitted, and from when."""
