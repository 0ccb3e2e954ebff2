"""Where a CI shows things: comments, statuses, job summaries, issues, webhooks. Knows nothing of plans."""
