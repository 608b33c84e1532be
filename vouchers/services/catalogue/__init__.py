"""The service catalogue: sale, import."""
