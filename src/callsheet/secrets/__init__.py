"""Secret references and the resolvers behind them. Values are held in memory only, and only while needed."""
