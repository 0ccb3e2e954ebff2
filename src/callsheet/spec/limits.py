"""Bounds on what a project may hold, so that no file can exhaust memory, time or the stack."""

MAX_FILE_BYTES = 16 * 1024 * 1024  # documents, prompts, schemas
MAX_CONTENT_BYTES = 512 * 1024 * 1024  # files that are uploaded as they are; read in pieces
MAX_DEPTH = 64  # nesting of mappings and lists in one document
MAX_NODES = 2_000_000  # values in one file, aliases expanded
MAX_ALIASED = 10_000  # values in one file that are there by alias only
MAX_FILES = 200_000  # files and folders under the project root
INTEGERS = range(-(2**63), 2**64)  # what JSON parsers on the way are sure to carry
