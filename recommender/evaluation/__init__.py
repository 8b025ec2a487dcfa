"""How well it ranks: splits, metrics, baselines, and the offline commands."""
