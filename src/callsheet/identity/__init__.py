"""Who runs this, as a CI vouches for it: the job's ID token, and whether that is good."""
