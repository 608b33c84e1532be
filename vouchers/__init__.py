"""The public monitoring panel of the K-비대면 service vouchers: recruit, assign, report, correct."""
