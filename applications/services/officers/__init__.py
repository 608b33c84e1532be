"""Who is responsible for an application: by hand, by rule, and by a stand-in."""
