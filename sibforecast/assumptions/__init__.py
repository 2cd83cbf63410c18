"""Statements: judgement, policy, scenarios."""
