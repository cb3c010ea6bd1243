"""The record of requests: what was asked, what happened, links, identity documents, directives, suppressions."""
