"""Five companies: for each a policy, its stores, and a generator of the database behind them."""
