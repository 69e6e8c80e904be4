"""Speed, measured side by side: the product under load beside PostgreSQL's own pgbench and COPY, on this machine."""
