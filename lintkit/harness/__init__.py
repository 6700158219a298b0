"""The test harness of policies, for lintkit and for its users."""
