"""Documents: files in, rendered resources out.

Knows environments, placeholders, prompts and policies; nothing of any provider.
"""
